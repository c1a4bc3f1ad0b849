import { setTimeout as sleep } from "node:timers/promises";

/** Asks again until the answer is neither undefined nor false. The time-out says what was waited for, and what was there instead. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { timeout = 15_000, every = 20, instead }: { timeout?: number; every?: number; instead?: () => unknown } = {},
): Promise<T> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) {
      const there = instead === undefined ? "" : ` Instead: ${describe(await instead())}`;
      throw new Error(`After ${timeout / 1000} s still not: ${what}.${there}`);
    }
    await sleep(every);
  }
}

function describe(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? Number(inner) : inner), 1);
}
