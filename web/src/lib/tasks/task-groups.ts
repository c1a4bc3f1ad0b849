import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { TaskStatus, type Task } from "@malamar/proto/malamar/v1/task_pb";

export interface TaskGroup {
  status: TaskStatus;
  tasks: Task[];
}

const at = (time: Timestamp | undefined): number => (time ? timestampMs(time) : 0);
const latest = (a: Task, b: Task): number => at(b.updatedAt) - at(a.updatedAt);

// What waits for the reader comes first.
const GROUPS: { status: TaskStatus; order: (a: Task, b: Task) => number }[] = [
  { status: TaskStatus.IN_REVIEW, order: latest },
  { status: TaskStatus.IN_PROGRESS, order: latest },
  { status: TaskStatus.TODO, order: (a, b) => Number(b.pinned) - Number(a.pinned) || b.priority - a.priority || latest(a, b) },
  { status: TaskStatus.DONE, order: (a, b) => at(b.doneAt) - at(a.doneAt) || latest(a, b) },
];

/** Tasks by status, each group in the order in which people look for them. Groups without tasks are left out. */
export function groupTasks(tasks: readonly Task[]): TaskGroup[] {
  return GROUPS.map(({ status, order }) => ({ status, tasks: tasks.filter((task) => task.status === status).toSorted(order) })).filter(
    (group) => group.tasks.length > 0,
  );
}
