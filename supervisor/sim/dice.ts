/** Randomness that a seed repeats exactly. */
export interface Dice {
  /** From 0 up to 1. */
  roll(): number;
  chance(probability: number): boolean;
  between(low: number, high: number): number;
  pick<T>(from: readonly T[]): T | undefined;
}

export function createDice(seed: number): Dice {
  let state = (seed * 0x9e3779b1) >>> 0 || 1;
  function roll(): number {
    // xorshift32, enough for choosing faults.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  }
  for (let warm = 0; warm < 8; warm++) roll();
  return {
    roll,
    chance: (probability) => roll() < probability,
    between: (low, high) => low + roll() * (high - low),
    pick: (from) => from[Math.floor(roll() * from.length)],
  };
}
