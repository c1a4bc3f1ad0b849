import { SystemService } from "@malamar/proto/malamar/v1/system_service_pb";
import { TaskService } from "@malamar/proto/malamar/v1/task_service_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startDroppingServer } from "./dropping-server.ts";
import { createNodeMalamar } from "./node.ts";
import type { Malamar } from "./sdk.ts";
import { createWebMalamar } from "./web.ts";

let calls: string[];
let dropsLeft: number;
let server: Awaited<ReturnType<typeof startDroppingServer>>;

function maybeDrop(call: string) {
  calls.push(call);
  if (dropsLeft-- > 0) server.drop();
}

beforeEach(async () => {
  calls = [];
  dropsLeft = 1;
  server = await startDroppingServer((router) => {
    router.service(SystemService, {
      getSystem: () => {
        maybeDrop("get");
        return { system: { version: "1.2.3" } };
      },
    });
    router.service(TaskService, {
      createTask: ({ summary }) => {
        maybeDrop("create");
        return { task: { summary } };
      },
      cancelTask: () => {
        maybeDrop("cancel");
        return {};
      },
    });
  });
});

afterEach(() => server.stop());

test.each<[string, (url: string) => Malamar]>([
  ["node", (url) => createNodeMalamar({ url })],
  ["web", (baseUrl) => createWebMalamar({ baseUrl })],
])("over %s a read whose connection breaks is asked once more", async (_name, connect) => {
  const { system } = await connect(server.url).system.getSystem({});
  expect(system?.version).toBe("1.2.3");
  expect(calls).toEqual(["get", "get"]);
});

test("a read is not asked a third time", async () => {
  dropsLeft = 2;
  await expect(createNodeMalamar({ url: server.url }).system.getSystem({})).rejects.toThrow("socket hang up");
  expect(calls).toEqual(["get", "get"]);
});

test("a change is never repeated, unless its idempotency key makes that harmless", async () => {
  const malamar = createNodeMalamar({ url: server.url });
  await expect(malamar.tasks.cancelTask({ id: "t1" })).rejects.toThrow("socket hang up");
  dropsLeft = 1;
  await expect(malamar.tasks.createTask({ summary: "once" })).rejects.toThrow("socket hang up");
  expect(calls).toEqual(["cancel", "create"]);

  dropsLeft = 1;
  const { task } = await malamar.tasks.createTask({ summary: "safe", idempotencyKey: "k1" });
  expect(task?.summary).toBe("safe");
  expect(calls).toEqual(["cancel", "create", "create", "create"]);
});
