import { EventType, type Event } from "@malamar/proto/malamar/v1/event_service_pb";
import { TaskHold, TaskStatus, type Task } from "@malamar/proto/malamar/v1/task_pb";
import type { Malamar } from "@malamar/sdk";
import { toProblem, type Problem } from "@malamar/sdk/problem";
import { SvelteMap } from "svelte/reactivity";
import type { Follower } from "#lib/api/feed.svelte.ts";
import { readAll } from "#lib/api/pages.ts";
import { groupTasks, type TaskGroup } from "./task-groups.ts";

const OPEN = [TaskStatus.TODO, TaskStatus.IN_PROGRESS, TaskStatus.IN_REVIEW];
const DONE_PAGE = 20;

/** All open tasks of the installation, and of the done ones as many as somebody wanted to see. */
export class Tasks implements Follower {
  loaded = $state(false);
  problem = $state.raw<Problem>();
  #byId = new SvelteMap<string, Task>();
  /** Where the done tasks of a workspace go on; empty = nothing more; no entry = not read yet. */
  #olderDone = new SvelteMap<string, string>();
  /** Workspaces whose done tasks somebody looks at. */
  #opened: string[] = [];
  #client: Malamar["tasks"];

  constructor(client: Malamar["tasks"]) {
    this.#client = client;
  }

  inReview = $derived([...this.#byId.values()].filter((task) => task.status === TaskStatus.IN_REVIEW).length);

  #byWorkspace = $derived(Map.groupBy(this.#byId.values(), (task) => task.workspaceId));

  of(workspaceId: string): readonly Task[] {
    return this.#byWorkspace.get(workspaceId) ?? [];
  }

  groups(workspaceId: string): TaskGroup[] {
    return groupTasks(this.of(workspaceId));
  }

  byId(id: string): Task | undefined {
    return this.#byId.get(id);
  }

  find(workspaceId: string, key: string): Task | undefined {
    return this.of(workspaceId).find((task) => task.key === key);
  }

  /** Whether everything that the list of this workspace begins with has been read. */
  isOpen(workspaceId: string): boolean {
    return this.loaded && this.#olderDone.has(workspaceId);
  }

  hasOlderDone(workspaceId: string): boolean {
    return (this.#olderDone.get(workspaceId) ?? "") !== "";
  }

  async open(workspaceId: string): Promise<void> {
    if (!this.#opened.includes(workspaceId)) this.#opened.push(workspaceId);
    if (!this.loaded || this.isOpen(workspaceId)) return;
    try {
      await this.loadDone(workspaceId);
    } catch (error) {
      this.problem = toProblem(error);
    }
  }

  async load(): Promise<void> {
    try {
      const rows = await readAll(async (pageToken) => {
        const { tasks, nextPageToken } = await this.#client.listTasks({ statuses: OPEN, pageSize: 200, pageToken });
        return { rows: tasks, next: nextPageToken };
      });
      const done = await Promise.all(this.#opened.map((workspaceId) => this.#readDone(workspaceId, "")));
      this.#byId.clear();
      this.#olderDone.clear();
      this.#put(rows);
      for (const page of done) this.#addDone(page);
      this.problem = undefined;
      this.loaded = true;
    } catch (error) {
      this.problem = toProblem(error);
    }
  }

  /** Reads the first or the next page of a workspace's done tasks. */
  async loadDone(workspaceId: string): Promise<void> {
    this.#addDone(await this.#readDone(workspaceId, this.#olderDone.get(workspaceId) ?? ""));
  }

  /** For a link to a task that is not among those we read. */
  async fetch(idOrKey: string): Promise<void> {
    const { task } = await this.#client.getTask({ id: idOrKey });
    this.#put(task ? [task] : []);
  }

  apply(events: readonly Event[]): void {
    for (const event of events) {
      if (event.type === EventType.TASK_DELETED) this.#byId.delete(event.taskId);
      else if (event.type === EventType.WORKSPACE_DELETED) {
        for (const task of this.of(event.workspaceId)) this.#byId.delete(task.id);
      } else if (event.subject.case === "task") this.#put([event.subject.value]);
    }
  }

  async create(order: { workspaceId: string; summary: string; description: string; idempotencyKey: string }): Promise<Task | undefined> {
    const { task } = await this.#client.createTask(order);
    return this.#put(task ? [task] : []);
  }

  async move(id: string, status: TaskStatus): Promise<void> {
    const { task } = await this.#client.moveTask({ id, status });
    this.#put(task ? [task] : []);
  }

  /** Lets it go before the others of its workspace, or no longer. */
  async pin(id: string, pinned: boolean): Promise<void> {
    const { task } = await this.#client.prioritiseTask({ id, pinned });
    this.#put(task ? [task] : []);
  }

  async release(id: string): Promise<void> {
    const { task } = await this.#client.updateTask({ task: { id, hold: TaskHold.NONE }, updateMask: { paths: ["hold"] } });
    this.#put(task ? [task] : []);
  }

  async cancel(id: string): Promise<void> {
    const { task } = await this.#client.cancelTask({ id });
    this.#put(task ? [task] : []);
  }

  async #readDone(workspaceId: string, pageToken: string) {
    const order = { workspaceId, statuses: [TaskStatus.DONE], pageSize: DONE_PAGE, pageToken };
    const { tasks, nextPageToken } = await this.#client.listTasks(order);
    return { workspaceId, tasks, next: nextPageToken };
  }

  #addDone(page: { workspaceId: string; tasks: Task[]; next: string }): void {
    this.#olderDone.set(page.workspaceId, page.next);
    this.#put(page.tasks);
  }

  /** An answer and an event may overtake each other; the version says which row is the later one. */
  #put(tasks: readonly Task[]): Task | undefined {
    for (const task of tasks) {
      if ((this.#byId.get(task.id)?.version ?? 0n) <= task.version) this.#byId.set(task.id, task);
    }
    return tasks[0];
  }
}
