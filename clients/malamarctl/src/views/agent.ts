import { type Agent, AgentSchema } from "@malamar/proto/malamar/v1/agent_pb";
import type { View } from "#output/print.ts";
import { exactly, relative } from "#output/time.ts";
import { limitFields } from "./workspace.ts";

export const agentView: View<Agent> = {
  schema: AgentSchema,
  plural: "agents",
  name: ({ id }) => id,
  columns: [
    { title: "#", align: "right", value: ({ position }) => String(position) },
    { title: "NAME", value: ({ name }) => name, flexible: true },
    { title: "CLI", value: ({ cli }) => cli },
    { title: "MODEL", value: ({ model }) => model },
    { title: "ENABLED", value: ({ enabled }) => (enabled ? "yes" : "no"), style: ({ enabled }) => (enabled ? undefined : "yellow") },
    { title: "UPDATED", optional: true, value: ({ updatedAt }, { now }) => relative(updatedAt, now) },
    { title: "ID", optional: true, value: ({ id }) => id },
  ],
  fields: (agent, { now }) => [
    { title: "Name", value: agent.name, style: "bold" },
    { title: "Id", value: agent.id },
    { title: "Workspace", value: agent.workspaceId },
    { title: "Position", value: String(agent.position) },
    { title: "CLI", value: agent.cli },
    { title: "Model", value: agent.model },
    { title: "Enabled", value: agent.enabled ? "yes" : "no: it is left out of every pass", style: agent.enabled ? undefined : "yellow" },
    ...limitFields(agent.limits),
    { title: "Created", value: exactly(agent.createdAt, now) },
    { title: "Updated", value: exactly(agent.updatedAt, now) },
    { title: "Version", value: String(agent.version) },
  ],
  sections: ({ instruction }) => [{ title: "Instruction", text: instruction }],
};
