import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Agent } from "@malamar/proto/malamar/v1/agent_pb";
import { type Event, EventSchema } from "@malamar/proto/malamar/v1/event_service_pb";
import type { Execution } from "@malamar/proto/malamar/v1/execution_pb";
import type { LogLine } from "@malamar/proto/malamar/v1/log_pb";
import { ProblemKind, ProblemSchema } from "@malamar/proto/malamar/v1/problem_pb";
import type { LiveExecution, Pause } from "@malamar/proto/malamar/v1/system_service_pb";
import type { Activity, Comment, Task } from "@malamar/proto/malamar/v1/task_pb";
import type { Explanation } from "@malamar/proto/malamar/v1/task_service_pb";
import type { Workspace } from "@malamar/proto/malamar/v1/workspace_pb";

/** What this small Malamar for the tests knows. It keeps the contract's promises about answers and events; no agent ever runs in it. */
export interface State {
  /** Unix milliseconds; stands still unless a test moves it. */
  now: number;
  workspaces: Map<string, Workspace>;
  agents: Map<string, Agent>;
  tasks: Map<string, Task>;
  comments: Comment[];
  activities: Activity[];
  /** Oldest first. */
  executions: Map<string, Execution>;
  logs: Map<string, { lines: LogLine[]; complete: boolean }>;
  explanations: Map<string, Explanation>;
  pauses: Pause[];
  processes: LiveExecution[];
  events: Event[];
  /** Every request as it came in. */
  requests: { method: string; message: Record<string, unknown> }[];
  byIdempotencyKey: Map<string, string>;
  waiters: Set<() => void>;
}

export const NOON = Date.UTC(2026, 10, 20, 12);

export function newState(): State {
  return {
    now: NOON,
    workspaces: new Map(),
    agents: new Map(),
    tasks: new Map(),
    comments: [],
    activities: [],
    executions: new Map(),
    logs: new Map(),
    explanations: new Map(),
    pauses: [],
    processes: [],
    events: [],
    requests: [],
    byIdempotencyKey: new Map(),
    waiters: new Set(),
  };
}

/** As long as a real id, and telling in a failed assertion: w00000000000000000001. */
export function newId(kind: string, existing: number): string {
  return `${kind}${String(existing + 1).padStart(20, "0")}`;
}

export function append(state: State, event: Omit<MessageInitShape<typeof EventSchema>, "sequence" | "time" | "$typeName">): void {
  const sequence = BigInt(state.events.length + 1);
  state.events.push(create(EventSchema, { ...event, sequence, time: timestampFromMs(state.now) }));
  wake(state);
}

export function wake(state: State): void {
  for (const waiter of state.waiters) waiter();
}

/** Resolves at the next change, or when nobody listens any more. */
export function nextChange(state: State, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      state.waiters.delete(done);
      resolve();
    };
    state.waiters.add(done);
    signal.addEventListener("abort", done, { once: true });
  });
}

const CODE: Partial<Record<ProblemKind, Code>> = {
  [ProblemKind.NOT_FOUND]: Code.NotFound,
  [ProblemKind.INVALID]: Code.InvalidArgument,
  [ProblemKind.CONFLICT]: Code.Aborted,
  [ProblemKind.WRONG_STATE]: Code.FailedPrecondition,
};

export function problem(
  kind: ProblemKind,
  reason: string,
  message: string,
  more: { nextStep?: string; violations?: { field: string; description: string }[] } = {},
): ConnectError {
  return new ConnectError(message, CODE[kind] ?? Code.Internal, undefined, [{ desc: ProblemSchema, value: { kind, reason, ...more } }]);
}

/** The thing of that id, or the refusal that a real server gives. */
export function must<T>(map: ReadonlyMap<string, T>, id: string, noun: string): T {
  const found = map.get(id);
  if (found === undefined)
    throw problem(ProblemKind.NOT_FOUND, `${noun}_not_found`, `There is no ${noun} "${id}".`, { nextStep: `List them to find the id.` });
  return found;
}

/** One page and the token of the next; a token is the place to go on from. */
export function pageOf<T>(items: readonly T[], { pageSize, pageToken }: { pageSize: number; pageToken: string }, byDefault: number) {
  if (pageSize > 200) throw problem(ProblemKind.INVALID, "invalid_fields", "The page is too large.");
  const from = Number(pageToken === "" ? 0 : pageToken);
  const to = from + (pageSize === 0 ? byDefault : pageSize);
  return { items: items.slice(from, to), nextPageToken: to < items.length ? String(to) : "" };
}

/** Copies the masked fields; one level deep is all that the contract has. */
export function applyMask(target: object, source: object, paths: readonly string[]): void {
  for (const path of paths) {
    const [field = "", inner] = path.split(".").map((part) => part.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase()));
    const value: unknown = Reflect.get(source, field);
    if (inner === undefined) {
      Reflect.set(target, field, value);
    } else {
      const old: unknown = Reflect.get(target, field);
      Reflect.set(target, field, { ...(isObject(old) && old), [inner]: isObject(value) ? Reflect.get(value, inner) : undefined });
    }
  }
}

export function checkVersion(present: bigint, expected: bigint | undefined): void {
  if (expected === undefined || expected === present) return;
  throw problem(ProblemKind.CONFLICT, "version_changed", `It was changed since version ${expected}.`, {
    nextStep: "Read it again and repeat the change.",
  });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
