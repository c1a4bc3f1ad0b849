-- Schema 1

CREATE TABLE activities (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('task_created', 'task_updated', 'status_changed', 'comment_added', 'prioritised', 'held',
    'run_started', 'run_ended', 'pass_started', 'agent_started', 'agent_finished', 'stop_requested', 'restarted')),
  actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'agent', 'system')),
  actor_id TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  -- JSON object of strings.
  detail TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE agents (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  -- The name folded to one case by the program, since SQLite's NOCASE knows ASCII only.
  name_key TEXT NOT NULL,
  instruction TEXT NOT NULL,
  cli TEXT NOT NULL,
  model TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  position INTEGER NOT NULL,
  time_limit INTEGER,
  silence_warning INTEGER,
  silence_limit INTEGER,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (workspace_id, name_key)
) STRICT;

CREATE TABLE comments (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  author_kind TEXT NOT NULL CHECK (author_kind IN ('user', 'agent', 'system')),
  author_id TEXT NOT NULL,
  author_name TEXT NOT NULL,
  content TEXT NOT NULL,
  -- An answer's comments exist exactly once: execution and place in the answer.
  execution_id TEXT,
  ordinal INTEGER,
  repeats INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (execution_id, ordinal)
) STRICT;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  type TEXT NOT NULL CHECK (type IN ('workspace_changed', 'workspace_deleted', 'agent_changed', 'agent_deleted', 'task_changed',
    'task_deleted', 'comment_changed', 'execution_changed', 'system_changed')),
  workspace_id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE executions (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  run_number INTEGER NOT NULL,
  pass_number INTEGER NOT NULL,
  agent_id TEXT NOT NULL,
  agent_name TEXT NOT NULL,
  cli TEXT NOT NULL,
  model TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('leased', 'running', 'stopping', 'reaping', 'ended')),
  -- Why it is being stopped; the first reason wins, except that a delete wins over everything.
  stop_reason TEXT NOT NULL CHECK (stop_reason IN ('none', 'cancelled', 'moved', 'restarted', 'deleted', 'supervisor_stopping')),
  fence INTEGER NOT NULL,
  runner_id TEXT NOT NULL,
  boot INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  -- The newest thing said that its input contained.
  input_seq INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('none', 'finished', 'bad_output', 'exit_nonzero', 'timeout', 'cancelled', 'cli_missing', 'auth',
    'provider_unavailable', 'rate_limited', 'usage_limit', 'runner_lost', 'supervisor_stopping', 'disk_full', 'spawn_failed')),
  outcome_detail TEXT NOT NULL,
  exit_code INTEGER,
  signal TEXT NOT NULL,
  -- JSON array of the answer's actions; of a salvaged answer too.
  actions TEXT NOT NULL,
  -- SHA-256 of the report that was settled, hex; empty until then.
  report_sha256 TEXT NOT NULL,
  salvaged INTEGER NOT NULL,
  containment TEXT NOT NULL CHECK (containment IN ('L0', 'L1', 'L2', 'L3')),
  pid INTEGER NOT NULL,
  pid_start_ticks INTEGER NOT NULL,
  log_lines INTEGER NOT NULL,
  log_bytes INTEGER NOT NULL,
  log_truncated INTEGER NOT NULL,
  log_complete INTEGER NOT NULL,
  input_tokens INTEGER,
  output_tokens INTEGER,
  cached_tokens INTEGER,
  cost REAL,
  silent INTEGER NOT NULL,
  leased_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  UNIQUE (runner_id, boot, request_id)
) STRICT;

CREATE TABLE idempotency_keys (
  method TEXT NOT NULL,
  key TEXT NOT NULL,
  -- SHA-256 of the request: the same key with another request is a conflict.
  request_sha256 TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (method, key)
) STRICT;

CREATE TABLE installation (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id TEXT NOT NULL,
  -- Grows at every start of a supervisor; every write transaction checks that it is still its own.
  epoch INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE notes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  execution_id TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  agent_name TEXT NOT NULL,
  text TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (execution_id, ordinal)
) STRICT;

CREATE TABLE pauses (
  resource TEXT NOT NULL CHECK (resource IN ('cli', 'workspace')),
  resource_id TEXT NOT NULL,
  cause TEXT NOT NULL,
  detail TEXT NOT NULL,
  repeats INTEGER NOT NULL,
  since INTEGER NOT NULL,
  -- The next attempt.
  until INTEGER NOT NULL,
  -- An attempt went through: whoever waited comes back one after the other. NULL = still paused.
  recovered_at INTEGER,
  PRIMARY KEY (resource, resource_id)
) STRICT;

CREATE TABLE queue_entries (
  id TEXT PRIMARY KEY,
  task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  reason TEXT NOT NULL CHECK (reason IN ('created', 'moved', 'comment', 'retry', 'rejected', 'dependency_ready', 'children_done', 'schedule', 'manual')),
  state TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'closed')),
  -- Not before this time.
  ready_at INTEGER NOT NULL,
  -- Copies of the task's, so that the next entry is found by index alone.
  pinned INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  -- Newest event when it was made and when it was last bumped: its place in the order, whatever clocks do.
  created_seq INTEGER NOT NULL,
  bumped_seq INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE removals (
  kind TEXT NOT NULL CHECK (kind IN ('execution', 'task')),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT;

CREATE TABLE runners (
  id TEXT PRIMARY KEY,
  boot INTEGER NOT NULL,
  token_sha256 TEXT NOT NULL,
  -- JSON array of workspace ids.
  workspace_ids TEXT NOT NULL,
  pid INTEGER NOT NULL,
  pid_start_ticks INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;

CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  queue_entry_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  -- active: holds the workspace's slot; waiting: gave it up for a back-off or a pause; ended.
  state TEXT NOT NULL CHECK (state IN ('active', 'waiting', 'ended')),
  outcome TEXT NOT NULL CHECK (outcome IN ('none', 'converged', 'review_requested', 'cancelled', 'moved', 'restarted', 'error', 'deleted')),
  reason TEXT NOT NULL,
  pass_number INTEGER NOT NULL,
  -- What the pass has seen: everything up to here was there when its first execution began.
  pass_seq INTEGER NOT NULL,
  -- Somebody commented in this pass.
  pass_worked INTEGER NOT NULL,
  -- JSON array of the ids of the agents that have had their turn in this pass, in order.
  turns TEXT NOT NULL,
  -- Identical consecutive errors of one agent, for the breaker and the back-off.
  streak_agent_id TEXT NOT NULL,
  streak_outcome TEXT NOT NULL,
  streak_count INTEGER NOT NULL,
  streak_comment_id TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;

CREATE TABLE tasks (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  summary TEXT NOT NULL,
  description TEXT NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('todo', 'in_progress', 'in_review', 'done')),
  priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 4),
  pinned INTEGER NOT NULL,
  hold TEXT NOT NULL CHECK (hold IN ('none', 'draft', 'paused')),
  attention TEXT NOT NULL CHECK (attention IN ('none', 'question', 'converged', 'cancelled', 'error', 'limit', 'conflict', 'escalated')),
  attention_detail TEXT NOT NULL,
  resolution TEXT NOT NULL CHECK (resolution IN ('none', 'completed', 'wont_do', 'duplicate')),
  stopping TEXT NOT NULL CHECK (stopping IN ('none', 'cancelling', 'moving', 'restarting', 'deleting')),
  -- Sequence of the newest thing a person said or changed that agents have to see; compared with what an execution was given.
  said_seq INTEGER NOT NULL,
  -- Everything up to here is counted as seen, whoever saw it: a cancel moves it.
  heard_seq INTEGER NOT NULL,
  run_count INTEGER NOT NULL DEFAULT 0,
  pass_number INTEGER NOT NULL DEFAULT 0,
  comment_count INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  done_at INTEGER,
  UNIQUE (workspace_id, number)
) STRICT;

CREATE TABLE workspaces (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  prefix TEXT NOT NULL UNIQUE,
  directory_mode TEXT NOT NULL CHECK (directory_mode IN ('temp', 'static')),
  directory_path TEXT NOT NULL,
  queue_order TEXT NOT NULL CHECK (queue_order IN ('lifo', 'fifo')),
  breaker_limit INTEGER NOT NULL,
  paused INTEGER NOT NULL,
  -- Milliseconds; NULL = the wider setting, 0 = none.
  time_limit INTEGER,
  silence_warning INTEGER,
  silence_limit INTEGER,
  deleting INTEGER NOT NULL DEFAULT 0,
  next_task_number INTEGER NOT NULL DEFAULT 1,
  -- Fencing number of the lane: grows with every lease.
  fence INTEGER NOT NULL DEFAULT 0,
  -- Task whose work was taken up or ended last: it goes before its equals.
  last_task_id TEXT,
  -- Maintained counters for boards.
  todo_count INTEGER NOT NULL DEFAULT 0,
  in_progress_count INTEGER NOT NULL DEFAULT 0,
  in_review_count INTEGER NOT NULL DEFAULT 0,
  done_count INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_activity_at INTEGER NOT NULL
) STRICT;

CREATE INDEX activities_of_task ON activities (task_id, seq);

CREATE INDEX agents_in_order ON agents (workspace_id, position);

CREATE INDEX comments_of_task ON comments (task_id, seq);

CREATE INDEX events_by_time ON events (created_at);

CREATE INDEX executions_live ON executions (runner_id) WHERE state <> 'ended';

CREATE INDEX executions_of_task ON executions (task_id, seq DESC);

CREATE INDEX executions_of_workspace ON executions (workspace_id, seq DESC);

CREATE UNIQUE INDEX executions_one_live ON executions (workspace_id) WHERE state <> 'ended';

CREATE INDEX idempotency_by_time ON idempotency_keys (created_at);

CREATE INDEX notes_of_task ON notes (task_id, seq);

CREATE INDEX queue_by_time ON queue_entries (ready_at) WHERE state = 'queued';

CREATE INDEX queue_in_order ON queue_entries (workspace_id, pinned DESC, priority DESC, bumped_seq DESC) WHERE state = 'queued';

CREATE INDEX queue_of_task ON queue_entries (task_id);

CREATE UNIQUE INDEX queue_one_waiting ON queue_entries (task_id) WHERE state = 'queued';

CREATE INDEX runners_living ON runners (id) WHERE ended_at IS NULL;

CREATE INDEX runs_of_task ON runs (task_id, number);

CREATE UNIQUE INDEX runs_one_open ON runs (task_id) WHERE state <> 'ended';

CREATE UNIQUE INDEX runs_one_slot ON runs (workspace_id) WHERE state = 'active';

CREATE INDEX tasks_by_update ON tasks (workspace_id, updated_at DESC, id);

CREATE INDEX tasks_by_update_everywhere ON tasks (updated_at DESC, id);

CREATE UNIQUE INDEX tasks_one_pinned ON tasks (workspace_id) WHERE pinned = 1;

CREATE INDEX workspaces_by_activity ON workspaces (last_activity_at DESC, id);
