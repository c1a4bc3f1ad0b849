// Not here: a report of an execution that has ended already (loop/failure.test.ts). A local runner's lease never passes on before the
// runner is proven dead, so only remote runners could send one.

/** Each breaks one rule of the protocol in the real code, or in the model of the runner. A simulation that does not notice proves nothing. */
export interface Mutant {
  /** What is broken, in words. */
  broken: string;
  /** Below supervisor/. */
  file: string;
  /** Must occur exactly once in the file. */
  from: string;
  to: string;
}

export const MUTANTS = {
  noIdempotency: {
    broken: "a repeated report is settled again",
    file: "src/loop/settle-report.ts",
    from: 'if (execution.reportSha256 !== "") return',
    to: "if (false) return",
  },
  noProofOfDeath: {
    broken: "a lost runner's step is tried again before its processes are proven dead",
    file: "src/runners/end-runner.ts",
    from: "return loseRunner({ store, now }, id).length;",
    to: `const lost = loseRunner({ store, now }, id);
      db.exec("UPDATE executions SET state = 'ended', outcome = 'runner_lost' WHERE state = 'reaping'");
      db.exec("INSERT OR IGNORE INTO queue_entries SELECT hex(randomblob(8)), task_id, workspace_id, 'retry', 'queued', 0, 0, 2, 0, 0, 0, 0 FROM runs WHERE state = 'active'");
      db.exec("UPDATE runs SET state = 'waiting' WHERE state = 'active'");
      return lost.length;`,
  },
  noSweep: {
    broken: "a reaped execution is called dead without being killed",
    file: "sim/hands.ts",
    from: "for (const each of processes) if (each.executionId === executionId) each.alive = false;",
    to: "",
  },
  noInputCursor: {
    broken: "what a person said during the last pass is not looked at",
    file: "src/tasks/task.ts",
    from: "return task.saidSeq > Math.max(seenSeq, task.heardSeq);",
    to: "return false;",
  },
  followUpOnlyOnConvergence: {
    broken: "what a person said is looked at only when a pass converges",
    file: "src/loop/leave-progress.ts",
    from: "if (!hasUnheard(reviewed, seenSeq)) return reviewed;",
    to: "if (reviewed) return reviewed;",
  },
  cancelForgetsNothing: {
    broken: "a cancel does not count what was said before it as seen",
    file: "src/loop/cancel-task.ts",
    from: "const task = hearEverything(context, hand.task);",
    to: "const task = hand.task;",
  },
  dropReportWhenSent: {
    broken: "a runner forgets a report when it has sent it",
    file: "sim/hands.ts",
    from: 'say({ case: "complete", value: report });\n    if',
    to: 'say({ case: "complete", value: report });\n    forget(report.executionId, false);\n    if',
  },
  eventBeforeCommit: {
    broken: "events are shown before they are durable",
    file: "src/store/store.ts",
    from: 'writer.exec("COMMIT");',
    to: 'for (const listener of listeners) listener();\n      writer.exec("COMMIT");',
  },
  answerBeforeCommit: {
    broken: "answers and orders leave before they are durable",
    file: "src/store/store.ts",
    from: "return group?.promise ?? Promise.resolve();",
    to: "return Promise.resolve();",
  },
  noEpoch: {
    broken: "a supervisor that was replaced goes on writing",
    file: "src/store/store.ts",
    from: "if (ownerOfData() !== epoch) {",
    to: "if (false) {",
  },
  newRequestAfterReconnect: {
    broken: "a runner asks with new request ids although the old ones were not answered",
    file: "sim/hands.ts",
    from: "while (!retiring && requests.size < CREDITS)",
    to: "requests.clear();\n    while (!retiring && requests.size < CREDITS)",
  },
  stopToldOnce: {
    broken: "a stop that got lost on its way is not told again",
    file: "src/rpc/control-stream.ts",
    from: 'else if (execution.stopReason !== "none") stops.push',
    to: "else if (false) stops.push",
  },
} as const satisfies Record<string, Mutant>;

export type MutantName = keyof typeof MUTANTS;
export const MUTANT_NAMES = Object.keys(MUTANTS) as MutantName[];
