import { expect, test } from "vitest";
import { explain, type Facts } from "./explanation.ts";

const NOW = 1_000_000;
const ENTRY = { readyAt: NOW, reason: "created", since: NOW - 5, before: 0 };
const facts = (differs: Partial<Facts>): Facts => ({
  status: "todo",
  hold: "none",
  stopping: false,
  updatedAt: NOW - 10,
  attention: "none",
  running: null,
  workspacePaused: false,
  slot: null,
  holdsSlot: false,
  entry: ENTRY,
  cliPause: null,
  workspacePause: null,
  disk: null,
  machineFull: false,
  runnerState: "attached",
  now: NOW,
  ...differs,
});

test.each<[string, Partial<Facts>, string]>([
  ["starting", {}, "within a moment"],
  ["running", { status: "in_progress", running: { agentName: "Planner", since: NOW } }, "Planner works"],
  ["stopping", { status: "in_progress", stopping: true, running: { agentName: "Planner", since: NOW } }, "being stopped"],
  ["review", { status: "in_review", attention: "converged", entry: null }, "waits for you (converged)"],
  ["done", { status: "done", entry: null }, "Move it to todo"],
  ["held", { hold: "draft", entry: null }, "held (draft)"],
  ["not_queued", { entry: null }, "Nothing is queued"],
  ["workspace_paused", { workspacePaused: true, entry: { ...ENTRY, readyAt: NOW + 9 } }, "Resume the workspace"],
  ["disk_full", { disk: { since: NOW, words: "The disk is nearly full." }, runnerState: "none" }, "nearly full"],
  [
    "workspace_fault",
    { workspacePause: { cause: "spawn_failed", detail: "/gone is gone.", since: NOW, until: NOW + 1 } },
    "/gone is gone.",
  ],
  ["cli_paused", { cliPause: { cli: "claude", cause: "usage_limit", since: NOW, until: NOW + 1 } }, "claude waits (usage limit)"],
  ["starting", { cliPause: { cli: "claude", cause: "usage_limit", since: NOW, until: NOW } }, "within a moment"],
  ["back_off", { status: "in_progress", entry: { ...ENTRY, readyAt: NOW + 1000 } }, "starts by itself"],
  ["slot_taken", { slot: { taskId: "t", key: "MAL-1" }, entry: { ...ENTRY, before: 2 } }, "MAL-1 is in progress"],
  ["queued_behind", { entry: { ...ENTRY, before: 1 } }, "1 task goes before it"],
  ["machine_full", { machineFull: true }, "machine-wide"],
  ["runner_starting", { runnerState: "starting" }, "runner is being started"],
  ["starting", { status: "in_progress", entry: null, holdsSlot: true }, "within a moment"],
])("says %s for %j", (reason, differs, sentence) => {
  const explanation = explain(facts(differs));
  expect(explanation.reason).toBe(reason);
  expect(explanation.sentence).toContain(sentence);
});

test("says since when, until when and behind whom", () => {
  const back = explain(facts({ entry: { ...ENTRY, readyAt: NOW + 1000 } }));
  expect(back).toMatchObject({ since: NOW - 5, until: NOW + 1000 });
  expect(explain(facts({ slot: { taskId: "t", key: "MAL-1" } }))).toMatchObject({ blockingTaskId: "t", queuePosition: 1 });
});
