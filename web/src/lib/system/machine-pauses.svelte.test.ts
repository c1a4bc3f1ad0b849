import { create } from "@bufbuild/protobuf";
import { createRouterTransport } from "@connectrpc/connect";
import { EventSchema, EventType } from "@malamar/proto/malamar/v1/event_service_pb";
import { type Pause, PauseSchema, SystemService } from "@malamar/proto/malamar/v1/system_service_pb";
import { createMalamar } from "@malamar/sdk";
import { expect, test, vi } from "vitest";
import { MachinePauses } from "./machine-pauses.svelte.ts";

test("what keeps the whole machine is shown when it begins and gone when it ends; a paused CLI is not its business", async () => {
  const pauses: Pause[] = [create(PauseSchema, { resource: "cli", resourceId: "demo" })];
  const transport = createRouterTransport((router) => void router.service(SystemService, { getSystem: () => ({ system: { pauses } }) }));
  const machine = new MachinePauses(createMalamar({ transport }).system);
  await machine.load();
  expect(machine.all).toEqual([]);

  const changed = [create(EventSchema, { type: EventType.SYSTEM_CHANGED })];
  pauses.push(create(PauseSchema, { resource: "machine", resourceId: "disk", detail: "The disk is full." }));
  machine.apply(changed);
  await vi.waitFor(() => expect(machine.all.map(({ detail }) => detail)).toEqual(["The disk is full."]));
  pauses.pop();
  machine.apply([create(EventSchema, { type: EventType.TASK_CHANGED })]);
  machine.apply(changed);
  await vi.waitFor(() => expect(machine.all).toEqual([]));
});
