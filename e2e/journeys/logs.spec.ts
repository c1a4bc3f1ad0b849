import { type LogLine, LogStream } from "@malamar/proto/malamar/v1/log_pb";
import { toProblem } from "@malamar/sdk/problem";
import { tailLog, type TailOptions } from "@malamar/sdk/tail-log";
import { expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { createTeam, executions, reachesReview } from "../team.ts";
import { useMalamar } from "../use-malamar.ts";

const server = useMalamar({ config: { logCap: "128 KiB" } });

async function tail(options: TailOptions, lines: LogLine[] = []) {
  let complete = false;
  for await (const batch of tailLog(server.api.executions, options)) {
    lines.push(...batch.lines);
    complete = batch.complete;
  }
  return { lines, complete, texts: lines.map(({ text }) => text), numbers: lines.map(({ number }) => Number(number)) };
}

test("whoever comes early, late or in the middle sees the same lines, each once", async () => {
  const team = await createTeam(server, { Worker: ["lines 500 ; warn on stderr ; wait go ; lines 500 ; skip"] });
  const { id } = await team.task();
  const { executionId } = await team.turn("Worker", 1);
  const early = tail({ executionId, follow: true });
  await eventually("the first half is there", async () => (await tail({ executionId })).lines.length === 501, {
    instead: async () => (await tail({ executionId })).lines.length,
  });
  // Each has been served before the second half begins.
  const join = async (options: Partial<TailOptions>, first: number) => {
    const lines: LogLine[] = [];
    const end = tail({ executionId, follow: true, ...options }, lines);
    await eventually("the stream has what there is", () => lines.length === first, { instead: () => lines.length });
    return { end };
  };
  const [middle, fromCursor, lastTen] = await Promise.all([join({}, 501), join({ afterLine: 400n }, 101), join({ tailLines: 10 }, 10)]);
  team.open("go");
  await reachesReview(server, id);
  const late = await tail({ executionId, follow: true });
  expect(late.complete).toBe(true);
  expect(late.numbers).toEqual(Array.from({ length: 1001 }, (_, at) => at + 1));
  expect((await early).lines).toEqual(late.lines);
  expect((await middle.end).lines).toEqual(late.lines);
  expect((await fromCursor.end).lines).toEqual(late.lines.slice(400));
  expect((await lastTen.end).lines).toEqual(late.lines.slice(491));
  expect(late.lines.filter(({ stream }) => stream === LogStream.STDERR).map(({ text }) => text)).toEqual(["on stderr"]);
  expect(late.texts.filter((text) => text.startsWith("line"))).toEqual(
    [1, 2].flatMap(() => Array.from({ length: 500 }, (_, at) => `line ${at + 1}`)),
  );
});

test("without follow the log ends at its present last line, and a cursor goes on from there", async () => {
  const team = await createTeam(server, { Worker: ["lines 3 ; wait go ; lines 2 ; skip"] });
  const { id } = await team.task();
  const { executionId } = await team.turn("Worker", 1);
  const now = await eventually("three lines are there", async () => {
    const found = await tail({ executionId });
    return found.lines.length === 3 && found;
  });
  expect(now.complete).toBe(false);
  team.open("go");
  await reachesReview(server, id);
  expect((await tail({ executionId, afterLine: 3n })).texts).toEqual(["line 1", "line 2"]);
  expect((await tail({ executionId, afterLine: 5n })).lines).toEqual([]);
  expect((await tail({ executionId, tailLines: 1 })).texts).toEqual(["line 2"]);
});

test("what an adapter understands is told beside the line", async () => {
  const team = await createTeam(server, { "Worker@python": ["write a.txt b ; usage 5 ; print plain ; skip"] });
  const { id } = await team.task();
  await reachesReview(server, id);
  const [execution] = await executions(server, id);
  const { lines } = await tail({ executionId: execution?.id ?? "" });
  expect(lines.map(({ entries }) => entries.map(({ entry }) => entry.case).join())).toEqual([
    "message",
    "toolCall",
    "toolResult",
    "usage",
    "",
  ]);
});

test("L15: a flood is drained and capped with a marked gap, and its end is kept", async () => {
  const team = await createTeam(server, { Worker: ["lines 200000 ; print the very end ; skip"] });
  const { id } = await team.task();
  await reachesReview(server, id);
  const [execution] = await executions(server, id);
  expect(execution).toMatchObject({ logTruncated: true });
  const { lines, texts, complete } = await tail({ executionId: execution?.id ?? "", follow: true });
  expect(complete).toBe(true);
  expect(texts.slice(0, 3)).toEqual(["line 1", "line 2", "line 3"]);
  expect(texts.at(-1)).toBe("the very end");
  const marks = lines.filter(({ stream }) => stream === LogStream.SYSTEM);
  expect(marks.length).toBeGreaterThan(0);
});

test("L15: a line without end is cut between characters", async () => {
  const team = await createTeam(server, { "Worker@python": [`print ${"ä€😀".repeat(9000)} ; skip`] });
  const { id } = await team.task();
  await reachesReview(server, id);
  const [execution] = await executions(server, id);
  const { lines, texts } = await tail({ executionId: execution?.id ?? "" });
  const [greeting, ...pieces] = lines;
  expect(greeting?.text).toContain("I am Worker");
  expect(pieces.length).toBeGreaterThan(1);
  expect(pieces.map(({ continues }) => continues)).toEqual(pieces.map((_, at) => at < pieces.length - 1));
  expect(texts.slice(1).join("")).toBe("ä€😀".repeat(9000));
});

test("the log of an execution that does not exist is refused", async () => {
  const problem = await tail({ executionId: "nobodynobodynobodynob" }).catch((error: unknown) => toProblem(error));
  expect(problem).toMatchObject({ kind: "not_found" });
});
