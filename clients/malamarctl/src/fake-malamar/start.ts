import { createServer } from "node:http";
import type { Socket } from "node:net";
import type { Message } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AgentService } from "@malamar/proto/malamar/v1/agent_service_pb";
import { EventService } from "@malamar/proto/malamar/v1/event_service_pb";
import { ExecutionService } from "@malamar/proto/malamar/v1/execution_service_pb";
import { SystemService } from "@malamar/proto/malamar/v1/system_service_pb";
import type { Task } from "@malamar/proto/malamar/v1/task_pb";
import { TaskService } from "@malamar/proto/malamar/v1/task_service_pb";
import { WorkspaceService } from "@malamar/proto/malamar/v1/workspace_service_pb";
import { deleteTask } from "./play.ts";
import { newState, type State } from "./state.ts";
import { eventHandlers, executionHandlers, systemHandlers } from "./stream-handlers.ts";
import { taskHandlers } from "./task-handlers.ts";
import { agentHandlers, workspaceHandlers } from "./workspace-handlers.ts";

/** A small Malamar behind a real HTTP port. */
export async function startFakeMalamar() {
  const state = newState();
  const server = createServer(
    connectNodeAdapter({
      interceptors: [remember(state)],
      routes: (router) => {
        router.service(WorkspaceService, workspaceHandlers(state));
        router.service(AgentService, agentHandlers(state));
        router.service(TaskService, taskHandlers(state));
        router.service(ExecutionService, executionHandlers(state));
        router.service(EventService, eventHandlers(state));
        router.service(SystemService, systemHandlers(state));
      },
    }),
  );
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const drop = () => sockets.forEach((socket) => socket.destroy());
  const stop = async () => {
    drop();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url, state, drop, stop, deleteTask: (task: Task) => deleteTask(state, task) };
}

export type FakeMalamar = Awaited<ReturnType<typeof startFakeMalamar>>;

function remember(state: State): Interceptor {
  const note = (method: string, { $typeName: _type, $unknown: _unknown, ...message }: Message) => state.requests.push({ method, message });
  return (next) => async (request) => {
    const { name } = request.method;
    if (!request.stream) {
      note(name, request.message);
      return await next(request);
    }
    const { message } = request;
    const noted = async function* () {
      for await (const each of message) {
        note(name, each);
        yield each;
      }
    };
    return await next({ ...request, message: noted() });
  };
}
