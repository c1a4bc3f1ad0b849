import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type TailLogRequestSchema,
  TailLogRequestSchema as Request,
  type TailLogResponseSchema,
} from "@malamar/proto/malamar/v1/execution_service_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Execution } from "#executions/execution.ts";
import { appendFrame } from "#logs/append-frame.ts";
import { endLog } from "#logs/end-log.ts";
import { openLogs } from "#logs/logs.ts";
import { play } from "#loop/play.ts";
import { createTailLog } from "./tail-log.ts";
import { frameOf } from "./test-frames.ts";

const scene = () => {
  const folder = mkdtempSync(join(tmpdir(), "malamar-tail-"));
  const stage = play();
  const onError = (error: unknown) => {
    throw error;
  };
  const logs = openLogs({ folder, deps: stage.deps, onError });
  stage.task();
  const execution = stage.start() as Execution;
  return { ...stage, folder, logs, execution, tail: createTailLog({ deps: stage.deps, logs, times: { look: 20, heartbeat: 200 } }) };
};

let it: ReturnType<typeof scene>;
let abort: AbortController;
beforeEach(() => {
  it = scene();
  abort = new AbortController();
});
afterEach(async () => {
  abort.abort();
  it.logs.close();
  await rm(it.folder, { recursive: true });
});

type Asked = MessageInitShape<typeof TailLogRequestSchema>;
const tail = (request: Asked = {}) => it.tail(create(Request, { executionId: it.execution.id, ...request }), { signal: abort.signal });
const texts = (count: number, from = 1) => Array.from({ length: count }, (_, index) => `line ${from + index}`);
const add = (sequence: number, firstLine: number, lines: string[]) =>
  appendFrame(it.logs, it.execution.id, frameOf(sequence, firstLine, lines));

async function all(request: Asked = {}) {
  const lines: string[] = [];
  const sizes: number[] = [];
  let last;
  for await (const answer of tail(request)) {
    sizes.push(answer.lines?.length ?? 0);
    for (const line of answer.lines ?? []) lines.push(line.text ?? "");
    last = answer;
  }
  return { lines, sizes, complete: last?.complete ?? false, lastLine: Number(last?.lastLine) };
}

test("stored lines come in portions, and without following the call ends at the present last line", async () => {
  await add(1, 1, texts(1200));
  await add(2, 1201, texts(10, 1201));
  const { lines, sizes, complete, lastLine } = await all();
  expect(lines).toEqual(texts(1210));
  expect(sizes).toEqual([500, 500, 210, 0]);
  expect({ complete, lastLine }).toEqual({ complete: false, lastLine: 1210 });
});

test("a portion is at most 256 KiB, however few lines that is", async () => {
  const long = "x".repeat(60_000);
  await add(1, 1, [long, long, long, long, long, long]);
  expect((await all()).sizes).toEqual([4, 2, 0]);
});

test("whoever comes back goes on after the line he has, and a tail begins near the end", async () => {
  for (let n = 0; n < 20; n++) await add(n + 1, n * 10 + 1, texts(10, n * 10 + 1));
  expect((await all({ afterLine: 195n })).lines).toEqual(texts(5, 196));
  expect((await all({ tailLines: 3 })).lines).toEqual(texts(3, 198));
  expect((await all({ tailLines: 5000 })).lines).toHaveLength(200);
  expect((await all({ afterLine: 200n })).lines).toEqual([]);
});

test("live lines come as they are stored, until the log is complete", async () => {
  const stream = tail({ follow: true });
  const next = async () => (await stream.next()).value as MessageInitShape<typeof TailLogResponseSchema>;
  expect((await next()).lines).toEqual([]);
  for (let n = 1; n <= 3; n++) {
    await add(n, n, [`line ${n}`]);
    expect((await next()).lines?.map((line) => line.text)).toEqual([`line ${n}`]);
  }
  it.end(it.execution, { actions: [{ type: "skip" }] });
  await endLog(it.logs, it.execution.id, 4);
  await add(4, 4, ["last"]);
  expect((await next()).lines?.map((line) => line.text)).toEqual(["last"]);
  expect(await next()).toMatchObject({ complete: true, lastLine: 4n });
  expect((await stream.next()).done).toBe(true);
  expect(await all({ follow: true })).toMatchObject({ lines: ["line 1", "line 2", "line 3", "last"], complete: true });
});

test("an execution that printed nothing is complete at once", async () => {
  it.end(it.execution, { actions: [{ type: "skip" }] });
  await endLog(it.logs, it.execution.id, 0);
  await it.deps.store.durable();
  expect(await all({ follow: true })).toEqual({ lines: [], sizes: [0], complete: true, lastLine: 0 });
});

test("a quiet stream says that it lives", async () => {
  const stream = tail({ follow: true });
  for (let n = 0; n < 3; n++) expect((await stream.next()).value).toMatchObject({ lines: [], lastLine: 0n });
});

test("when the last lines never arrive this is said, and the cursor stays at what is stored", async () => {
  await add(1, 1, ["line 1"]);
  it.end(it.execution, { actions: [{ type: "skip" }] });
  await endLog(it.logs, it.execution.id, 2);
  const stream = tail({ follow: true });
  expect((await stream.next()).value).toMatchObject({ lastLine: 1n });
  it.deps.pass(10_000);
  const { value } = await stream.next();
  expect(value).toMatchObject({ complete: true, lastLine: 1n, lines: [{ number: 2n }] });
  expect((value as { lines: { text: string }[] }).lines[0]?.text).toContain("never arrived");
});

test("lines that the disk damaged are said to be so, and the others are shown", async () => {
  await add(1, 1, ["line 1"]);
  await add(2, 2, ["line 2", "line 3"]);
  await add(3, 4, ["line 4"]);
  it.logs.close();
  const file = join(it.folder, `${it.execution.id}.log`);
  const bytes = readFileSync(file);
  const second = bytes.indexOf(frameOf(2, 2, ["line 2", "line 3"]).payload);
  bytes[second + 5] = (bytes[second + 5] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
  expect((await all()).lines).toEqual(["line 1", "Lines 2 to 3 cannot be read: the file was damaged on the disk.", "line 4"]);
});

test("an unknown execution is a problem in words; one that is deleted ends its stream", async () => {
  await expect(it.tail(create(Request, { executionId: "gone" }), { signal: abort.signal }).next()).rejects.toThrow('no execution "gone"');
  const stream = tail({ follow: true });
  await stream.next();
  it.deps.store.transact((db) => db.prepare("DELETE FROM executions").run());
  await it.deps.store.durable();
  const { value } = await stream.next();
  expect(value).toMatchObject({ complete: true });
});

test("a caller that goes away leaves no watcher behind", async () => {
  const stream = tail({ follow: true });
  await stream.next();
  const pending = stream.next();
  abort.abort();
  expect((await pending).done).toBe(true);
});
