import type { ConnectRouter } from "@connectrpc/connect";
import { RunnerService } from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import type { Logs } from "#logs/logs.ts";
import type { GrantSettings } from "#loop/build-grant.ts";
import type { LoopDeps } from "#loop/deps.ts";
import type { Registry } from "#runners/registry.ts";
import { controlStream } from "./control-stream.ts";
import { duplex } from "./duplex.ts";
import { logsStream } from "./logs-stream.ts";

export interface RunnerServiceDeps {
  deps: LoopDeps;
  registry: Registry;
  logs: Logs;
  /** Read for every order, so that a changed configuration counts from the next one on. */
  grantSettings: () => GrantSettings;
  /** Of this supervisor's start. */
  epoch: number;
  /** Milliseconds. */
  renewInterval: number;
  lease: number;
  /** A step of the workspace was settled: the next one may start in the same turn, and so in the same commit. */
  goOn?: (workspaceId: string) => void;
  /** For tests. */
  helloTimeout?: number;
  log: { info(words: string): void; warn(words: string): void };
}

/** What runners may call; served on their own socket only. */
export function runnerRoutes(service: RunnerServiceDeps): (router: ConnectRouter) => void {
  return (router) =>
    router.service(RunnerService, {
      control: (requests, { signal }) => duplex(requests, signal, (outbox) => controlStream(service, outbox)),
      logs: (requests, { signal, requestHeader }) =>
        duplex(requests, signal, (outbox) => logsStream(service, callerOf(requestHeader), outbox)),
    });
}

/** The log stream has no Hello, so that its runner says who it is in the headers. */
function callerOf(headers: Headers): { id: string; token: string } {
  return { id: headers.get("malamar-runner") ?? "", token: (headers.get("authorization") ?? "").replace(/^Bearer /, "") };
}
