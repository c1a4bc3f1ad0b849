/** Holds launches back while runners fail one after another, and says so. */
export interface LaunchGate {
  /** Milliseconds until the next launch may be tried. */
  wait(): number;
  /** A runner ended although nobody told it to. @returns words for the log when launches are held back now */
  failed(sentence: string, hadProvenItself: boolean): string | undefined;
  /** A runner has worked for a good while: the program is sound. */
  proven(): void;
  /** More than a single failure so far. */
  inTrouble(): boolean;
  /** For people, while launches are held back. */
  trouble(): string | undefined;
}

const FIRST = 1_000;
const LONGEST = 60_000;

/** No wait after a single failure, so that a lost runner is replaced at once; then 1 s doubling to 1 min. */
export function launchDelay(failures: number): number {
  return failures < 2 ? 0 : Math.min(FIRST * 2 ** Math.min(failures - 2, 10), LONGEST);
}

/** @param clock milliseconds that only grow */
export function createLaunchGate(clock: () => number): LaunchGate {
  let count = 0;
  let last = "";
  let openAt = -Infinity;

  const wait = () => Math.max(0, openAt - clock());
  function trouble(): string | undefined {
    if (count < 2 || wait() === 0) return undefined;
    const seconds = Math.ceil(wait() / 1000);
    return `Runners failed ${count} times in a row; the next one is started in ${seconds} s. Tasks wait and nothing is lost. ${last}`;
  }

  return {
    wait,
    failed(sentence, hadProvenItself) {
      count = hadProvenItself ? 1 : count + 1;
      last = sentence;
      openAt = clock() + launchDelay(count);
      return trouble();
    },
    proven() {
      count = 0;
    },
    inTrouble: () => count > 1,
    trouble,
  };
}
