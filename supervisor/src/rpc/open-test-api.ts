import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport, type Client } from "@connectrpc/connect";
import { AgentService } from "@malamar/proto/malamar/v1/agent_service_pb";
import { EventService } from "@malamar/proto/malamar/v1/event_service_pb";
import { ExecutionService } from "@malamar/proto/malamar/v1/execution_service_pb";
import { ProblemSchema } from "@malamar/proto/malamar/v1/problem_pb";
import { SystemService } from "@malamar/proto/malamar/v1/system_service_pb";
import { TaskService } from "@malamar/proto/malamar/v1/task_service_pb";
import { WorkspaceService } from "@malamar/proto/malamar/v1/workspace_service_pb";
import { loadConfig } from "#config/config.ts";
import { createHub } from "#events/hub.ts";
import { play, type Play } from "#loop/play.ts";
import { PROBLEM_KIND } from "./wire-words.ts";
import { publicRoutes } from "./routes.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { translateErrors } from "./translate-errors.ts";

export interface TestApi {
  workspaces: Client<typeof WorkspaceService>;
  agents: Client<typeof AgentService>;
  tasks: Client<typeof TaskService>;
  executions: Client<typeof ExecutionService>;
  events: Client<typeof EventService>;
  system: Client<typeof SystemService>;
  /** A workspace with a Planner and an Implementer, and a runner's side played by hand. */
  play: Play;
  /** What was logged as a bug. */
  bugs: unknown[];
  shutdown(): void;
}

/** The public API over Connect's own protocol in memory, on a real database. For tests. */
export function openTestApi(change: Partial<Parameters<typeof publicRoutes>[0]> = {}, onFatal?: (error: unknown) => void): TestApi {
  const played = play();
  const { deps } = played;
  const hub = createHub();
  deps.store.onCommit(() => hub.wake());
  const bugs: unknown[] = [];
  const closing = new AbortController();
  const services: ServiceDeps = {
    deps,
    hub,
    config: loadConfig({ env: {}, flags: {}, cwd: "/", home: "/nonexistent" }).config,
    registry: { attached: () => [], vitals: () => undefined },
    fleet: { state: () => "attached" },
    disk: { state: () => ({ level: "ok", since: 0, free: 0, reserve: 0 }) },
    installation: { id: "installation", version: "1.2.3", startedAt: deps.now() },
  };
  const tailLog = async function* () {};
  const transport = createRouterTransport(publicRoutes({ ...services, tailLog, ...change }), {
    router: {
      interceptors: [translateErrors({ debug: () => {}, error: (bug: unknown) => void bugs.push(bug) }, onFatal)],
      shutdownSignal: closing.signal,
    },
  });
  return {
    workspaces: createClient(WorkspaceService, transport),
    agents: createClient(AgentService, transport),
    tasks: createClient(TaskService, transport),
    executions: createClient(ExecutionService, transport),
    events: createClient(EventService, transport),
    system: createClient(SystemService, transport),
    play: played,
    bugs,
    shutdown: () => closing.abort(),
  };
}

/** How a call was refused, in short: code, kind, reason, and the broken fields if there are some. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ code: string; kind: string; reason: string; fields: string[]; message: string }> {
  const error: unknown = await call.then(
    () => new Error("The call was not refused."),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConnectError)) throw error;
  const detail = error.findDetails(ProblemSchema)[0] ?? fromBinary(ProblemSchema, new Uint8Array());
  const kind = Object.entries(PROBLEM_KIND).find(([, value]) => value === detail.kind)?.[0] ?? "none";
  return {
    code: Code[error.code],
    kind,
    reason: detail.reason,
    fields: detail.violations.map((violation) => violation.field),
    message: error.rawMessage,
  };
}
