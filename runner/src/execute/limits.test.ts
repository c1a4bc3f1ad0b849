import { expect, test } from "vitest";
import { judgeLimits } from "./limits.ts";

const LIMITS = { time: 60_000, silenceWarning: 5_000, silence: 30_000, logCap: 1, stopGrace: 1, finishGrace: 15_000 };
const NONE = { ...LIMITS, time: null, silenceWarning: null, silence: null };
const facts = { now: 100_000, startedAt: 100_000, lastOutputAt: 100_000, answeredAt: null };

test("nothing happens as long as no limit has passed", () => {
  expect(judgeLimits(LIMITS, facts)).toEqual({ cause: null, silent: false, lookAgain: 1_000 });
});

test("without limits only the answer is looked for", () => {
  expect(judgeLimits(NONE, { ...facts, now: 9e9 })).toEqual({ cause: null, silent: false, lookAgain: 1_000 });
});

test("it looks again exactly when the next limit passes", () => {
  expect(judgeLimits(LIMITS, { ...facts, now: 104_800 })).toMatchObject({ silent: false, lookAgain: 200 });
  expect(judgeLimits(LIMITS, { ...facts, now: 105_000 })).toMatchObject({ silent: true, lookAgain: 1_000 });
});

test("silence ends it after the warning", () => {
  expect(judgeLimits(LIMITS, { ...facts, now: 130_000 })).toMatchObject({ cause: "silence_limit", silent: true });
});

test("the time limit counts from the start, whatever is printed", () => {
  expect(judgeLimits(LIMITS, { ...facts, now: 160_000, lastOutputAt: 159_999 })).toMatchObject({ cause: "time_limit", silent: false });
});

test("an answer that is there counts for more than a limit that passes in the same moment", () => {
  expect(judgeLimits(LIMITS, { ...facts, now: 160_000, answeredAt: 145_000 })).toMatchObject({ cause: "finish_grace" });
});
