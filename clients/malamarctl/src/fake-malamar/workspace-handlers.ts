import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { AgentSchema, type Agent } from "@malamar/proto/malamar/v1/agent_pb";
import type { AgentService } from "@malamar/proto/malamar/v1/agent_service_pb";
import { EventType } from "@malamar/proto/malamar/v1/event_service_pb";
import { ProblemKind } from "@malamar/proto/malamar/v1/problem_pb";
import { DirectoryMode, QueueOrder, WorkspaceSchema } from "@malamar/proto/malamar/v1/workspace_pb";
import type { WorkspaceService } from "@malamar/proto/malamar/v1/workspace_service_pb";
import { append, applyMask, checkVersion, must, newId, pageOf, problem, type State } from "./state.ts";

export function workspaceHandlers(state: State): ServiceImpl<typeof WorkspaceService> {
  return {
    createWorkspace({ title, prefix, directoryMode, queueOrder, breakerLimit, idempotencyKey, $typeName: _type, ...rest }) {
      const known = state.workspaces.get(state.byIdempotencyKey.get(idempotencyKey) ?? "");
      if (known !== undefined) return { workspace: known };
      const workspace = create(WorkspaceSchema, {
        ...rest,
        id: newId("w", state.workspaces.size),
        title,
        prefix: prefix === "" ? title.replace(/\W/g, "").slice(0, 3).toUpperCase() : prefix,
        directoryMode: directoryMode === DirectoryMode.UNSPECIFIED ? DirectoryMode.TEMP : directoryMode,
        queueOrder: queueOrder === QueueOrder.UNSPECIFIED ? QueueOrder.LIFO : queueOrder,
        breakerLimit: breakerLimit ?? 5,
        taskCounts: {},
        version: 1n,
        createdAt: timestampFromMs(state.now),
        updatedAt: timestampFromMs(state.now),
        lastActivityAt: timestampFromMs(state.now),
      });
      state.workspaces.set(workspace.id, workspace);
      state.byIdempotencyKey.set(idempotencyKey, workspace.id);
      append(state, { type: EventType.WORKSPACE_CHANGED, workspaceId: workspace.id, subject: { case: "workspace", value: workspace } });
      return { workspace };
    },
    getWorkspace: ({ id }) => ({ workspace: must(state.workspaces, id, "workspace") }),
    listWorkspaces(request) {
      const { items, nextPageToken } = pageOf([...state.workspaces.values()].toReversed(), request, 50);
      return { workspaces: items, nextPageToken };
    },
    updateWorkspace({ workspace: changes, updateMask, expectedVersion }) {
      const workspace = must(state.workspaces, changes?.id ?? "", "workspace");
      checkVersion(workspace.version, expectedVersion);
      applyMask(workspace, changes ?? {}, updateMask?.paths ?? []);
      workspace.version += 1n;
      return { workspace };
    },
    deleteWorkspace({ id }) {
      const workspace = must(state.workspaces, id, "workspace");
      const isBusy = [...state.tasks.values()].some(({ workspaceId, liveExecutionId }) => workspaceId === id && liveExecutionId !== "");
      if (!isBusy) state.workspaces.delete(workspace.id);
      return { deleted: !isBusy };
    },
  };
}

export function agentHandlers(state: State): ServiceImpl<typeof AgentService> {
  const agentsOf = (id: string): Agent[] =>
    [...state.agents.values()].filter(({ workspaceId }) => workspaceId === id).toSorted((a, b) => a.position - b.position);
  return {
    createAgent({ enabled, idempotencyKey: _key, $typeName: _type, ...rest }) {
      must(state.workspaces, rest.workspaceId, "workspace");
      const others = agentsOf(rest.workspaceId);
      if (others.some(({ name }) => name.toLowerCase() === rest.name.toLowerCase())) {
        throw problem(ProblemKind.CONFLICT, "agent_name_taken", `The workspace has an agent "${rest.name}" already.`, {
          nextStep: "Choose another name.",
        });
      }
      const agent = create(AgentSchema, {
        ...rest,
        id: newId("a", state.agents.size),
        enabled: enabled ?? true,
        position: others.length + 1,
        version: 1n,
        createdAt: timestampFromMs(state.now),
        updatedAt: timestampFromMs(state.now),
      });
      state.agents.set(agent.id, agent);
      append(state, {
        type: EventType.AGENT_CHANGED,
        workspaceId: agent.workspaceId,
        subjectId: agent.id,
        subject: { case: "agent", value: agent },
      });
      return { agent };
    },
    getAgent: ({ id }) => ({ agent: must(state.agents, id, "agent") }),
    listAgents(request) {
      const { items, nextPageToken } = pageOf(agentsOf(request.workspaceId), request, 200);
      return { agents: items, nextPageToken };
    },
    updateAgent({ agent: changes, updateMask, expectedVersion }) {
      const agent = must(state.agents, changes?.id ?? "", "agent");
      checkVersion(agent.version, expectedVersion);
      applyMask(agent, changes ?? {}, updateMask?.paths ?? []);
      agent.version += 1n;
      return { agent };
    },
    deleteAgent({ id }) {
      state.agents.delete(must(state.agents, id, "agent").id);
      return {};
    },
    reorderAgents({ workspaceId, agentIds }) {
      for (const [index, id] of agentIds.entries()) must(state.agents, id, "agent").position = index + 1;
      return { agents: agentsOf(workspaceId) };
    },
  };
}
