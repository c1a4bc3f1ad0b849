import type { Db } from "#store/open-db.ts";
import { statement } from "#store/statement.ts";
import type { TimeLimits } from "#workspaces/workspace.ts";
import { nameKey, type Agent } from "./agent.ts";

const COLUMNS = `id, workspace_id AS workspaceId, name, instruction, cli, model, enabled, position, time_limit AS timeLimit,
  silence_warning AS silenceWarning, silence_limit AS silenceLimit, version, created_at AS createdAt, updated_at AS updatedAt`;

type Row = Omit<Agent, "enabled" | "limits"> & { enabled: number } & TimeLimits;

function read(row: unknown): Agent {
  const { timeLimit, silenceWarning, silenceLimit, enabled, ...rest } = row as Row;
  return { ...rest, enabled: enabled === 1, limits: { timeLimit, silenceWarning, silenceLimit } };
}

export function findAgent(db: Db, id: string): Agent | undefined {
  const row = statement(db, `SELECT ${COLUMNS} FROM agents WHERE id = ?`).get(id);
  return row === undefined ? undefined : read(row);
}

/** All agents of a workspace, disabled ones too, in their order. */
export function agentsInOrder(db: Db, workspaceId: string): Agent[] {
  return listAgents(db, { workspaceId, afterPosition: 0, limit: -1 });
}

/** Agents after a place in the order; a limit below 0 = all. */
export function listAgents(db: Db, page: { workspaceId: string; afterPosition: number; limit: number }): Agent[] {
  return statement(
    db,
    `SELECT ${COLUMNS} FROM agents WHERE workspace_id = @workspaceId AND position > @afterPosition ORDER BY position LIMIT @limit`,
  )
    .all(page)
    .map(read);
}

/** Place of the last agent in the order; 0 = there is none. */
export function lastPosition(db: Db, workspaceId: string): number {
  return Number(statement(db, "SELECT coalesce(max(position), 0) FROM agents WHERE workspace_id = ?").pluck().get(workspaceId));
}

/** Whether another agent of the workspace has the name, upper and lower case being the same. */
export function nameTaken(db: Db, workspaceId: string, name: string, exceptId: string): boolean {
  return (
    statement(db, "SELECT 1 FROM agents WHERE workspace_id = ? AND name_key = ? AND id <> ?").get(workspaceId, nameKey(name), exceptId) !==
    undefined
  );
}

export function insertAgent(db: Db, agent: Agent): void {
  statement(
    db,
    `INSERT INTO agents (id, workspace_id, name, name_key, instruction, cli, model, enabled, position, time_limit, silence_warning,
       silence_limit, version, created_at, updated_at)
     VALUES (@id, @workspaceId, @name, @nameKey, @instruction, @cli, @model, @enabled, @position, @timeLimit, @silenceWarning,
       @silenceLimit, @version, @createdAt, @updatedAt)`,
  ).run(bind(agent));
}

export function saveAgent(db: Db, agent: Agent): void {
  statement(
    db,
    `UPDATE agents SET name = @name, name_key = @nameKey, instruction = @instruction, cli = @cli, model = @model, enabled = @enabled,
       position = @position, time_limit = @timeLimit, silence_warning = @silenceWarning, silence_limit = @silenceLimit, version = @version,
       updated_at = @updatedAt
     WHERE id = @id`,
  ).run(bind(agent));
}

function bind(agent: Agent): object {
  return { ...agent, ...agent.limits, limits: null, nameKey: nameKey(agent.name), enabled: agent.enabled ? 1 : 0 };
}

export function removeAgent(db: Db, id: string): void {
  statement(db, "DELETE FROM agents WHERE id = ?").run(id);
}
