import type { ConnectRouter } from "@connectrpc/connect";
import { AgentService } from "@malamar/proto/malamar/v1/agent_service_pb";
import { EventService } from "@malamar/proto/malamar/v1/event_service_pb";
import { ExecutionService } from "@malamar/proto/malamar/v1/execution_service_pb";
import { SystemService } from "@malamar/proto/malamar/v1/system_service_pb";
import { TaskService } from "@malamar/proto/malamar/v1/task_service_pb";
import { WorkspaceService } from "@malamar/proto/malamar/v1/workspace_service_pb";
import { agentService } from "./agent-service.ts";
import { eventService, type EventTimes } from "./event-service.ts";
import { executionService, type TailLog } from "./execution-service.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { systemService } from "./system-service.ts";
import { taskService } from "./task-service.ts";
import { workspaceService } from "./workspace-service.ts";

/** The public API. Errors are translated by the interceptor of `translate-errors.ts`, which the server has to be given too. */
export function publicRoutes(deps: ServiceDeps & { tailLog: TailLog; eventTimes?: EventTimes }): (router: ConnectRouter) => void {
  return (router) =>
    void router
      .service(WorkspaceService, workspaceService(deps))
      .service(AgentService, agentService(deps))
      .service(TaskService, taskService(deps))
      .service(ExecutionService, executionService(deps))
      .service(EventService, eventService(deps, deps.eventTimes))
      .service(SystemService, systemService(deps));
}
