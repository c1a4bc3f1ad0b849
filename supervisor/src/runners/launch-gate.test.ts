import { expect, test } from "vitest";
import { createLaunchGate, launchDelay } from "./launch-gate.ts";

test("a single failure holds nothing back; then the wait doubles up to a minute", () => {
  expect([1, 2, 3, 4, 8, 50].map(launchDelay)).toEqual([0, 1_000, 2_000, 4_000, 60_000, 60_000]);
});

test("trouble is said while launches are held back, with the reason and the time", () => {
  let now = 0;
  const gate = createLaunchGate(() => now);
  expect(gate.failed("It fell over.", false)).toBeUndefined();
  gate.failed("It fell over.", false);
  expect(gate.failed("It fell over again.", false)).toBe(
    "Runners failed 3 times in a row; the next one is started in 2 s. Tasks wait and nothing is lost. It fell over again.",
  );
  now = 2_000;
  expect({ wait: gate.wait(), trouble: gate.trouble(), inTrouble: gate.inTrouble() }).toEqual({
    wait: 0,
    trouble: undefined,
    inTrouble: true,
  });
});

test("a runner that worked for a good while ends the row of failures", () => {
  const gate = createLaunchGate(() => 0);
  gate.failed("x", false);
  gate.failed("x", false);
  expect(gate.failed("x", true)).toBeUndefined();
  gate.failed("x", false);
  gate.proven();
  expect(gate.inTrouble()).toBe(false);
});
