import { expect, test } from "vitest";
import { createRegistry, type Order } from "./registry.ts";

function attach(registry: ReturnType<typeof createRegistry>, id: string, workspaceIds: string[], boot = 1) {
  const told: Order[] = [];
  const stream = { closed: false };
  const close = () => {
    stream.closed = true;
  };
  registry.attach({ id, boot, workspaceIds, send: (order) => told.push(order), close });
  return { told, stream, close };
}

test("credit is taken oldest first, from the carrier of the workspace only", () => {
  const registry = createRegistry();
  attach(registry, "r1", ["w1"]);
  attach(registry, "r2", ["w2"], 3);
  registry.addCredit("r1", "a");
  registry.addCredit("r2", "b");
  registry.addCredit("r2", "c");
  expect(registry.takeCredit("w2")).toEqual({ runnerId: "r2", boot: 3, requestId: "b" });
  expect(registry.takeCredit("w2")?.requestId).toBe("c");
  expect(registry.takeCredit("w2")).toBeUndefined();
  expect(registry.takeCredit("w1")?.requestId).toBe("a");
  expect(registry.takeCredit("w3")).toBeUndefined();
});

test("the same request is one credit however often it is repeated", () => {
  const registry = createRegistry();
  attach(registry, "r1", ["w1"]);
  registry.addCredit("r1", "a");
  registry.addCredit("r1", "a");
  expect(registry.attached()).toEqual([{ id: "r1", workspaceIds: ["w1"], credits: 1, messages: 0 }]);
});

test("a spare's credit counts for the workspace it is assigned", () => {
  const registry = createRegistry();
  const { told } = attach(registry, "spare", []);
  registry.addCredit("spare", "a");
  expect(registry.carrierOf("w1")).toBeUndefined();
  expect(registry.send("spare", { type: "assign", workspaceIds: ["w1"] })).toBe(true);
  expect(registry.carrierOf("w1")).toBe("spare");
  expect(registry.takeCredit("w1")?.requestId).toBe("a");
  expect(told).toEqual([{ type: "assign", workspaceIds: ["w1"] }]);
});

test("a retiring runner carries nothing and gives no credit, but still hears orders", () => {
  const registry = createRegistry();
  const { told } = attach(registry, "r1", ["w1"]);
  registry.addCredit("r1", "a");
  registry.send("r1", { type: "retire" });
  expect(registry.carrierOf("w1")).toBeUndefined();
  expect(registry.takeCredit("w1")).toBeUndefined();
  expect(registry.send("r1", { type: "stop", executionId: "e", reason: "cancelled" })).toBe(true);
  expect(told.map((order) => order.type)).toEqual(["retire", "stop"]);
});

test("a new stream of a runner closes the old one, and the old one's end changes nothing", () => {
  const registry = createRegistry();
  const old = attach(registry, "r1", ["w1"]);
  registry.addCredit("r1", "a");
  attach(registry, "r1", ["w1"], 2);
  expect(old.stream.closed).toBe(true);
  registry.detach("r1", old.close);
  expect(registry.carrierOf("w1")).toBe("r1");
  expect(registry.takeCredit("w1")).toBeUndefined();
});

test("an expelled runner is gone at once and its stream is closed", () => {
  const registry = createRegistry();
  const { stream } = attach(registry, "r1", ["w1"]);
  registry.addCredit("r1", "a");
  registry.expel("r1");
  expect(stream.closed).toBe(true);
  expect(registry.takeCredit("w1")).toBeUndefined();
  expect(registry.send("r1", { type: "retire" })).toBe(false);
});

test("listeners hear of attach, credit, assign and leave", () => {
  const registry = createRegistry();
  let calls = 0;
  registry.onChange(() => calls++);
  const { close } = attach(registry, "r1", []);
  registry.addCredit("r1", "a");
  registry.send("r1", { type: "assign", workspaceIds: ["w1"] });
  registry.detach("r1", close);
  expect(calls).toBe(4);
});

test("what executions use is known from the last heartbeat, as long as their runner is attached", () => {
  const registry = createRegistry();
  const { close } = attach(registry, "r1", ["w1"]);
  registry.measure("r1", [{ executionId: "e1", processes: 2, memoryBytes: 100, at: 1 }]);
  registry.measure("r1", [{ executionId: "e2", processes: 1, memoryBytes: null, at: 2 }]);
  registry.measure("stranger", [{ executionId: "e3", processes: 1, memoryBytes: 1, at: 2 }]);
  expect(registry.vitals("e1")).toBeUndefined();
  expect(registry.vitals("e2")).toEqual({ executionId: "e2", processes: 1, memoryBytes: null, at: 2 });
  expect(registry.vitals("e3")).toBeUndefined();
  registry.detach("r1", close);
  expect(registry.vitals("e2")).toBeUndefined();
});
