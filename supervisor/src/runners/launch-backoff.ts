/** What is remembered of runners that failed one after another. */
export interface Failures {
  count: number;
  /** How the last one ended. */
  sentence: string;
}

const FIRST = 1_000;
const LONGEST = 60_000;

/** Milliseconds until the next launch: none after a single failure, so that a lost runner is replaced at once; then 1 s doubling to 1 min. */
export function launchDelay(failures: number): number {
  return failures < 2 ? 0 : Math.min(FIRST * 2 ** Math.min(failures - 2, 10), LONGEST);
}

/** For people, while launches are held back. */
export function troubleSentence({ count, sentence }: Failures, wait: number): string {
  return `Runners failed ${count} times in a row; the next one is started in ${Math.ceil(wait / 1000)} s. Tasks wait and nothing is lost. ${sentence}`;
}
