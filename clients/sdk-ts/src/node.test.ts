import { SystemService } from "@malamar/proto/malamar/v1/system_service_pb";
import { EventService } from "@malamar/proto/malamar/v1/event_service_pb";
import { expect, test } from "vitest";
import { startDroppingServer } from "./dropping-server.ts";
import { createNodeMalamar, serverUrl } from "./node.ts";

test.each([
  [undefined, "http://127.0.0.1:3456"],
  ["", "http://127.0.0.1:3456"],
  ["localhost:3456", "http://localhost:3456"],
  ["http://box:1/", "http://box:1"],
  [" https://box/malamar/ ", "https://box/malamar"],
  ["[::1]:3456", "http://[::1]:3456"],
])("the address %j means %s", (text, url) => {
  expect(serverUrl(text)).toBe(url);
});

test.each(["ftp://box", "http://", "a b"])("the address %j is refused with a sentence", (text) => {
  expect(() => serverUrl(text)).toThrow("is not an address of a Malamar server");
});

test("a token travels with every call, and MALAMAR_URL says where to", async () => {
  const seen: (string | null)[] = [];
  const server = await startDroppingServer((router) =>
    router.service(SystemService, {
      getSystem: (_request, { requestHeader }) => {
        seen.push(requestHeader.get("authorization"));
        return {};
      },
    }),
  );
  process.env["MALAMAR_URL"] = server.url;
  try {
    await createNodeMalamar({ token: "t0k" }).system.getSystem({});
    await createNodeMalamar().system.getSystem({});
  } finally {
    delete process.env["MALAMAR_URL"];
    await server.stop();
  }
  expect(seen).toEqual(["Bearer t0k", null]);
});

test("the time limit of an answer does not end a stream", async () => {
  const server = await startDroppingServer((router) =>
    router.service(EventService, {
      async *watchEvents() {
        yield { cursor: "1" };
        await new Promise((resolve) => setTimeout(resolve, 200));
        yield { cursor: "2" };
      },
    }),
  );
  const cursors: string[] = [];
  for await (const { cursor } of createNodeMalamar({ url: server.url, timeoutMs: 50 }).events.watchEvents({})) cursors.push(cursor);
  await server.stop();
  expect(cursors).toEqual(["1", "2"]);
});
