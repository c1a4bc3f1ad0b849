import { ActorKind } from "@malamar/proto/malamar/v1/actor_pb";
import { EventType } from "@malamar/proto/malamar/v1/event_service_pb";
import { AnswerActionType, Containment, ExecutionOutcome, ExecutionState } from "@malamar/proto/malamar/v1/execution_pb";
import { ProblemKind } from "@malamar/proto/malamar/v1/problem_pb";
import { CliKind } from "@malamar/proto/malamar/v1/system_service_pb";
import {
  ActivityKind,
  TaskAttention,
  TaskHold,
  TaskPriority,
  TaskResolution,
  TaskStatus,
  TaskStopping,
} from "@malamar/proto/malamar/v1/task_pb";
import { WaitReason } from "@malamar/proto/malamar/v1/task_service_pb";
import { DirectoryMode, QueueOrder } from "@malamar/proto/malamar/v1/workspace_pb";
import type { Cli } from "#config/cli.ts";
import type * as problem from "#errors/problem.ts";
import type * as event from "#events/event.ts";
import type * as execution from "#executions/execution.ts";
import type * as explanation from "#schedule/explanation.ts";
import type * as activity from "#tasks/activity.ts";
import type * as comment from "#tasks/comment.ts";
import type * as task from "#tasks/task.ts";
import type * as workspace from "#workspaces/workspace.ts";

// Complete tables from the nouns' words to the wire's: a new word breaks the build here before it can mislead anybody.

export const DIRECTORY_MODE = {
  temp: DirectoryMode.TEMP,
  static: DirectoryMode.STATIC,
} as const satisfies Record<workspace.DirectoryMode, DirectoryMode>;

export const QUEUE_ORDER = { lifo: QueueOrder.LIFO, fifo: QueueOrder.FIFO } as const satisfies Record<workspace.QueueOrder, QueueOrder>;

export const TASK_STATUS = {
  todo: TaskStatus.TODO,
  in_progress: TaskStatus.IN_PROGRESS,
  in_review: TaskStatus.IN_REVIEW,
  done: TaskStatus.DONE,
} as const satisfies Record<task.TaskStatus, TaskStatus>;

export const PRIORITY = {
  low: TaskPriority.LOW,
  normal: TaskPriority.NORMAL,
  high: TaskPriority.HIGH,
  critical: TaskPriority.CRITICAL,
} as const satisfies Record<task.Priority, TaskPriority>;

export const HOLD = { none: TaskHold.NONE, draft: TaskHold.DRAFT, paused: TaskHold.PAUSED } as const satisfies Record<task.Hold, TaskHold>;

export const ATTENTION = {
  none: TaskAttention.NONE,
  question: TaskAttention.QUESTION,
  converged: TaskAttention.CONVERGED,
  cancelled: TaskAttention.CANCELLED,
  error: TaskAttention.ERROR,
  limit: TaskAttention.LIMIT,
  conflict: TaskAttention.CONFLICT,
  escalated: TaskAttention.ESCALATED,
} as const satisfies Record<task.Attention, TaskAttention>;

export const RESOLUTION = {
  none: TaskResolution.NONE,
  completed: TaskResolution.COMPLETED,
  wont_do: TaskResolution.WONT_DO,
  duplicate: TaskResolution.DUPLICATE,
} as const satisfies Record<task.Resolution, TaskResolution>;

export const STOPPING = {
  none: TaskStopping.NONE,
  cancelling: TaskStopping.CANCELLING,
  moving: TaskStopping.MOVING,
  restarting: TaskStopping.RESTARTING,
  deleting: TaskStopping.DELETING,
} as const satisfies Record<task.Stopping, TaskStopping>;

export const ACTOR_KIND = {
  user: ActorKind.USER,
  agent: ActorKind.AGENT,
  system: ActorKind.SYSTEM,
} as const satisfies Record<comment.ActorKind, ActorKind>;

export const ACTIVITY_KIND = {
  task_created: ActivityKind.TASK_CREATED,
  task_updated: ActivityKind.TASK_UPDATED,
  status_changed: ActivityKind.STATUS_CHANGED,
  comment_added: ActivityKind.COMMENT_ADDED,
  prioritised: ActivityKind.PRIORITISED,
  held: ActivityKind.HELD,
  run_started: ActivityKind.RUN_STARTED,
  run_ended: ActivityKind.RUN_ENDED,
  pass_started: ActivityKind.PASS_STARTED,
  agent_started: ActivityKind.AGENT_STARTED,
  agent_finished: ActivityKind.AGENT_FINISHED,
  stop_requested: ActivityKind.STOP_REQUESTED,
  restarted: ActivityKind.RESTARTED,
} as const satisfies Record<activity.ActivityKind, ActivityKind>;

export const EXECUTION_STATE = {
  leased: ExecutionState.LEASED,
  running: ExecutionState.RUNNING,
  stopping: ExecutionState.STOPPING,
  reaping: ExecutionState.REAPING,
  ended: ExecutionState.ENDED,
} as const satisfies Record<execution.ExecutionState, ExecutionState>;

export const OUTCOME = {
  none: ExecutionOutcome.UNSPECIFIED,
  finished: ExecutionOutcome.FINISHED,
  bad_output: ExecutionOutcome.BAD_OUTPUT,
  exit_nonzero: ExecutionOutcome.EXIT_NONZERO,
  timeout: ExecutionOutcome.TIMEOUT,
  cancelled: ExecutionOutcome.CANCELLED,
  cli_missing: ExecutionOutcome.CLI_MISSING,
  auth: ExecutionOutcome.AUTH,
  provider_unavailable: ExecutionOutcome.PROVIDER_UNAVAILABLE,
  rate_limited: ExecutionOutcome.RATE_LIMITED,
  usage_limit: ExecutionOutcome.USAGE_LIMIT,
  runner_lost: ExecutionOutcome.RUNNER_LOST,
  supervisor_stopping: ExecutionOutcome.SUPERVISOR_STOPPING,
  disk_full: ExecutionOutcome.DISK_FULL,
  spawn_failed: ExecutionOutcome.SPAWN_FAILED,
} as const satisfies Record<execution.Outcome, ExecutionOutcome>;

export const CONTAINMENT = {
  L0: Containment.L0,
  L1: Containment.L1,
  L2: Containment.L2,
  L3: Containment.L3,
} as const satisfies Record<execution.Containment, Containment>;

export const ACTION_TYPE = {
  skip: AnswerActionType.SKIP,
  comment: AnswerActionType.COMMENT,
  change_status: AnswerActionType.CHANGE_STATUS,
  note: AnswerActionType.NOTE,
} as const satisfies Record<execution.Action["type"], AnswerActionType>;

export const WAIT_REASON = {
  running: WaitReason.RUNNING,
  stopping: WaitReason.STOPPING,
  review: WaitReason.REVIEW,
  done: WaitReason.DONE,
  held: WaitReason.HELD,
  workspace_paused: WaitReason.WORKSPACE_PAUSED,
  slot_taken: WaitReason.SLOT_TAKEN,
  queued_behind: WaitReason.QUEUED_BEHIND,
  back_off: WaitReason.BACK_OFF,
  cli_paused: WaitReason.CLI_PAUSED,
  workspace_fault: WaitReason.WORKSPACE_FAULT,
  machine_full: WaitReason.MACHINE_FULL,
  runner_starting: WaitReason.RUNNER_STARTING,
  starting: WaitReason.STARTING,
  not_queued: WaitReason.NOT_QUEUED,
  disk_full: WaitReason.DISK_FULL,
} as const satisfies Record<explanation.WaitReason, WaitReason>;

export const EVENT_TYPE = {
  workspace_changed: EventType.WORKSPACE_CHANGED,
  workspace_deleted: EventType.WORKSPACE_DELETED,
  agent_changed: EventType.AGENT_CHANGED,
  agent_deleted: EventType.AGENT_DELETED,
  task_changed: EventType.TASK_CHANGED,
  task_deleted: EventType.TASK_DELETED,
  comment_changed: EventType.COMMENT_CHANGED,
  execution_changed: EventType.EXECUTION_CHANGED,
  system_changed: EventType.SYSTEM_CHANGED,
} as const satisfies Record<event.EventType, EventType>;

export const CLI_KIND = {
  built_in: CliKind.BUILT_IN,
  demo: CliKind.DEMO,
  custom: CliKind.CUSTOM,
} as const satisfies Record<Cli["kind"], CliKind>;

export const PROBLEM_KIND = {
  not_found: ProblemKind.NOT_FOUND,
  invalid: ProblemKind.INVALID,
  conflict: ProblemKind.CONFLICT,
  wrong_state: ProblemKind.WRONG_STATE,
  busy: ProblemKind.BUSY,
  unavailable: ProblemKind.UNAVAILABLE,
  unauthenticated: ProblemKind.UNAUTHENTICATED,
  forbidden: ProblemKind.FORBIDDEN,
  exhausted: ProblemKind.EXHAUSTED,
} as const satisfies Record<problem.ProblemKind, ProblemKind>;
