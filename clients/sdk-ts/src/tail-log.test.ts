import { Code, ConnectError } from "@connectrpc/connect";
import { ExecutionService, type TailLogRequest } from "@malamar/proto/malamar/v1/execution_service_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startDroppingServer } from "./dropping-server.ts";
import { createNodeMalamar } from "./node.ts";
import { tailLog, type TailOptions } from "./tail-log.ts";

let stored: string[];
let complete: boolean;
let requests: TailLogRequest[];
let server: Awaited<ReturnType<typeof startDroppingServer>>;

beforeEach(async () => {
  stored = [];
  complete = false;
  requests = [];
  server = await startDroppingServer((router) =>
    router.service(ExecutionService, {
      async *tailLog(request, { signal }) {
        requests.push(request);
        if (request.executionId !== "e1") throw new ConnectError("no such execution", Code.NotFound);
        let sent = request.tailLines > 0 ? Math.max(0, stored.length - request.tailLines) : Number(request.afterLine);
        let isFirst = true;
        do {
          const isLast = complete;
          const lines = stored.slice(sent).map((text, index) => ({ number: BigInt(sent + index + 1), text }));
          sent = stored.length;
          if (lines.length > 0 || isLast || isFirst) yield { lines, lastLine: BigInt(sent), complete: isLast };
          isFirst = false;
          if (isLast) return;
          await new Promise((resolve) => setTimeout(resolve, 5));
        } while (request.follow && !signal.aborted);
      },
    }),
  );
});

afterEach(() => server.stop());

async function read(options: Partial<TailOptions>, onLines: (texts: string[]) => void = () => undefined) {
  const texts: string[] = [];
  for await (const batch of tailLog(createNodeMalamar({ url: server.url }).executions, {
    executionId: "e1",
    random: () => 1,
    ...options,
  })) {
    texts.push(...batch.lines.map(({ text }) => text));
    onLines(texts);
  }
  return texts;
}

test("without follow the log ends at its present last line", async () => {
  stored = ["a", "b", "c"];
  expect(await read({})).toEqual(["a", "b", "c"]);
  expect(await read({ afterLine: 2n })).toEqual(["c"]);
  expect(await read({ tailLines: 2 })).toEqual(["b", "c"]);
});

test("with follow the log ends when it is complete", async () => {
  stored = ["a"];
  const texts = await read({ follow: true }, (got) => {
    if (got.length === 1) {
      stored.push("b", "c");
      complete = true;
    }
  });
  expect(texts).toEqual(["a", "b", "c"]);
});

test("cut connections lose no line and repeat none", async () => {
  stored = ["0"];
  let cuts = 0;
  const texts = await read({ follow: true }, (got) => {
    if (got.length !== cuts + 1 || complete) return;
    cuts += 1;
    server.drop();
    stored.push(String(cuts));
    complete = cuts === 5;
  });
  expect(texts).toEqual(["0", "1", "2", "3", "4", "5"]);
  expect(requests.map(({ afterLine }) => Number(afterLine))).toEqual([0, 1, 2, 3, 4, 5]);
});

test("the start near the end counts once: lines that come during a cut are not skipped", async () => {
  stored = ["a", "b", "c"];
  const texts = await read({ follow: true, tailLines: 1 }, (got) => {
    if (got.length !== 1) return;
    server.drop();
    stored.push("d", "e", "f");
    complete = true;
  });
  expect(texts).toEqual(["c", "d", "e", "f"]);
});

test("a log that was empty at first is read from its first line after a cut", async () => {
  let isCut = false;
  const texts = await read({ follow: true, tailLines: 1 }, () => {
    if (isCut) return;
    isCut = true;
    server.drop();
    stored.push("a", "b");
    complete = true;
  });
  expect(texts).toEqual(["a", "b"]);
});

test("an unknown execution ends the tail", async () => {
  await expect(read({ executionId: "gone" })).rejects.toThrow("no such execution");
  expect(requests).toHaveLength(1);
});
