import { createClient, type Client, type Transport } from "@connectrpc/connect";
import { AgentService } from "@malamar/proto/malamar/v1/agent_service_pb";
import { EventService } from "@malamar/proto/malamar/v1/event_service_pb";
import { ExecutionService } from "@malamar/proto/malamar/v1/execution_service_pb";
import { SystemService } from "@malamar/proto/malamar/v1/system_service_pb";
import { TaskService } from "@malamar/proto/malamar/v1/task_service_pb";
import { WorkspaceService } from "@malamar/proto/malamar/v1/workspace_service_pb";

/** The whole public API, one generated client per noun. */
export interface Malamar {
  workspaces: Client<typeof WorkspaceService>;
  agents: Client<typeof AgentService>;
  tasks: Client<typeof TaskService>;
  executions: Client<typeof ExecutionService>;
  events: Client<typeof EventService>;
  system: Client<typeof SystemService>;
}

/** Talks to Malamar over any Connect transport; `node.ts` and `web.ts` bring the usual ones. */
export function createMalamar({ transport }: { transport: Transport }): Malamar {
  return {
    workspaces: createClient(WorkspaceService, transport),
    agents: createClient(AgentService, transport),
    tasks: createClient(TaskService, transport),
    executions: createClient(ExecutionService, transport),
    events: createClient(EventService, transport),
    system: createClient(SystemService, transport),
  };
}
