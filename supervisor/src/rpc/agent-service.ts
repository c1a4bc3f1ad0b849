import type { ServiceImpl } from "@connectrpc/connect";
import type { Agent as WireAgent } from "@malamar/proto/malamar/v1/agent_pb";
import { CreateAgentRequestSchema, type AgentService } from "@malamar/proto/malamar/v1/agent_service_pb";
import { findAgent, listAgents } from "#agents/agent-table.ts";
import { NEW_AGENT, type Agent } from "#agents/agent.ts";
import { createAgent } from "#agents/create-agent.ts";
import { deleteAgent } from "#agents/delete-agent.ts";
import { reorderAgents } from "#agents/reorder-agents.ts";
import { updateAgent, type AgentChanges } from "#agents/update-agent.ts";
import { knownClis } from "#config/cli.ts";
import { notFound } from "#errors/problem.ts";
import type { Db } from "#store/open-db.ts";
import { readId, readLimits, readVersion } from "./decode.ts";
import { encodeAgent } from "./encode.ts";
import { readMask, within, type MaskTable } from "./field-mask.ts";
import { createOnce } from "./idempotency.ts";
import { cutPage, readPageSize, readPageToken, writePageToken } from "./page-token.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { foundWorkspace } from "./workspace-service.ts";

const MASK: MaskTable<WireAgent, AgentChanges> = {
  name: ({ name }, changes) => (changes.name = name),
  instruction: ({ instruction }, changes) => (changes.instruction = instruction),
  cli: ({ cli }, changes) => (changes.cli = cli),
  model: ({ model }, changes) => (changes.model = model),
  enabled: ({ enabled }, changes) => (changes.enabled = enabled),
  limits: ({ limits }, changes) => (changes.limits = readLimits(limits)),
  "limits.time_limit": ({ limits }, changes) => (changes.limits = { ...changes.limits, timeLimit: readLimits(limits).timeLimit }),
  "limits.silence_warning": ({ limits }, changes) =>
    (changes.limits = { ...changes.limits, silenceWarning: readLimits(limits).silenceWarning }),
  "limits.silence_limit": ({ limits }, changes) => (changes.limits = { ...changes.limits, silenceLimit: readLimits(limits).silenceLimit }),
};

export function agentService({ deps, config }: Pick<ServiceDeps, "deps" | "config">): ServiceImpl<typeof AgentService> {
  const { store } = deps;
  const agentDeps = { ...deps, cliNames: knownClis(config).map((cli) => cli.name) };
  return {
    async createAgent(request) {
      const { name, instruction, cli, model, enabled = NEW_AGENT.enabled } = request;
      const workspaceId = readId("workspaceId", request.workspaceId);
      const settings = { name, instruction, cli, model, enabled, limits: readLimits(request.limits) };
      const id = createOnce(deps, CreateAgentRequestSchema, request, () => createAgent(agentDeps, workspaceId, settings).id);
      await store.durable();
      return { agent: encodeAgent(foundAgent(store.reader, id)) };
    },

    getAgent({ id }) {
      return { agent: encodeAgent(foundAgent(store.reader, readId("id", id))) };
    },

    listAgents({ workspaceId, pageSize, pageToken }) {
      const { id } = foundWorkspace(store.reader, readId("workspaceId", workspaceId));
      const limit = readPageSize(pageSize, 200);
      const list = `agents of ${id}`;
      const [afterPosition] = readPageToken(list, pageToken, ["number"]) ?? [0];
      const rows = listAgents(store.reader, { workspaceId: id, afterPosition, limit: limit + 1 });
      const { page, nextPageToken } = cutPage(rows, limit, (last) => writePageToken(list, last.position));
      return { agents: page.map(encodeAgent), nextPageToken };
    },

    async updateAgent({ agent, updateMask, expectedVersion }) {
      const changes = readMask(updateMask, agent, "agent", MASK);
      const id = readId("agent.id", agent?.id ?? "");
      const updated = within("agent", () => updateAgent(agentDeps, id, changes, readVersion(expectedVersion)));
      await store.durable();
      return { agent: encodeAgent(updated) };
    },

    async deleteAgent({ id }) {
      deleteAgent(deps, readId("id", id));
      await store.durable();
      return {};
    },

    async reorderAgents({ workspaceId, agentIds }) {
      const agents = reorderAgents(deps, readId("workspaceId", workspaceId), agentIds);
      await store.durable();
      return { agents: agents.map(encodeAgent) };
    },
  };
}

function foundAgent(db: Db, id: string): Agent {
  const agent = findAgent(db, id);
  if (agent === undefined) throw notFound("agent", id);
  return agent;
}
