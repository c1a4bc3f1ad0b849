// Which test looks after which setting (L17): file › beginning of its title. `journeys/catalogue.spec.ts` compares this table with
// the settings that the sources know, and looks whether the tests are there.
const SETTINGS = "journeys/settings.spec.ts";
const LOOP = "journeys/loop.spec.ts";
const FAULTS = "journeys/faults.spec.ts";
const LIMITS = `${SETTINGS} › L17: time limits are the agent's`;
const WARNING = `${SETTINGS} › L17: a silence warning is the agent's`;
const SAID = `${SETTINGS} › L17: what a workspace and a task say reaches the agent`;
const AFRESH = `${LOOP} › settings are read afresh before each step`;
const RUNNERS = `${SETTINGS} › L17: workspacesPerRunner lets workspaces share a runner, warmSpare`;
const TOOL = `${SETTINGS} › L17: a CLI of the configuration gets its prompt`;

/** Keys of the configuration file; `clis.*` stands for each CLI in it. */
export const CONFIGURATION: Record<string, string> = {
  host: `${SETTINGS} › L17: host decides where`,
  port: `${SETTINGS} › L17: dataDir, port and sample`,
  dataDir: `${SETTINGS} › L17: dataDir, port and sample`,
  logLevel: `${SETTINGS} › L17: logLevel and logFormat`,
  logFormat: `${SETTINGS} › L17: logLevel and logFormat`,
  hostNames: `${SETTINGS} › L17: hostNames are names`,
  maxExecutions: "journeys/explain.spec.ts › a machine that is full",
  workspacesPerRunner: RUNNERS,
  warmSpare: RUNNERS,
  runnerIdle: RUNNERS,
  "timeLimits.timeLimit": LIMITS,
  "timeLimits.silenceWarning": WARNING,
  "timeLimits.silenceLimit": LIMITS,
  logCap: "journeys/logs.spec.ts › L15: a flood is drained and capped",
  containment: "journeys/processes.spec.ts › L17: the level of containment can be chosen",
  diskReserve: "journeys/explain.spec.ts › a disk without the room",
  stopGrace: `${SETTINGS} › L17: stopGrace is the time`,
  finishGrace: `${SETTINGS} › L17: finishGrace is the time`,
  renewInterval: WARNING,
  lease: `${SETTINGS} › L17: a runner that says nothing for the time of its lease`,
  eventRetention: `${SETTINGS} › L17: eventRetention is how long`,
  "backOff.first": `${SETTINGS} › L17: backOff says how long`,
  "backOff.longest": `${SETTINGS} › L17: backOff says how long`,
  sample: `${SETTINGS} › L17: dataDir, port and sample`,
  "clis.*.title": TOOL,
  "clis.*.command": TOOL,
  "clis.*.promptBy": TOOL,
  "clis.*.outputFormat": "journeys/logs.spec.ts › what an adapter understands",
  "clis.*.successPattern": `${FAULTS} › a CLI without its own final line`,
  "clis.*.outcomePatterns": `${FAULTS} › a provider that is down`,
  "clis.*.env": TOOL,
  "clis.*.envPass": TOOL,
};

/** Fields of UpdateWorkspaceRequest. */
export const WORKSPACE: Record<string, string> = {
  title: SAID,
  description: SAID,
  prefix: SAID,
  directory_mode: `${SETTINGS} › L17: a directory mode that is changed`,
  directory_path: `${LOOP} › in static mode the agents work`,
  queue_order: `${LOOP} › with first in, first out`,
  breaker_limit: `${FAULTS} › the same error again and again`,
  paused: `${LOOP} › a workspace that is paused`,
  limits: LIMITS,
};

/** Fields of UpdateAgentRequest, and the order. */
export const AGENT: Record<string, string> = {
  name: AFRESH,
  instruction: SAID,
  cli: AFRESH,
  model: TOOL,
  enabled: AFRESH,
  limits: LIMITS,
  position: AFRESH,
};

/** Fields of UpdateTaskRequest, and the pin. */
export const TASK: Record<string, string> = {
  summary: SAID,
  description: SAID,
  kind: SAID,
  priority: `${LOOP} › tasks are taken up pinned first`,
  hold: `${LOOP} › a draft waits until the hold`,
  pinned: `${LOOP} › tasks are taken up pinned first`,
};
