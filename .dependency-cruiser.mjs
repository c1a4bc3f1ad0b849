// Imports point left: a room may use the rooms listed before it, never the ones after it.
const ROOMS = {
  supervisor:
    "errors config store events settings workspaces agents templates queue tasks executions logs chats loop runners schedule notices backup rpc http commands",
  runner: "errors process clis threads workdir execute link",
};

// Data in, data out: no clock, disk, process or package. Add the pure file of a new room here.
const PURE_FILES = {
  supervisor:
    "errors/(problem|must) config/(cli|units) store/(disk-state|storage-failure) events/event workspaces/workspace agents/agent queue/(queue-entry|pick-up-order) " +
    "tasks/(task|comment|activity) executions/(execution|answer|decide-outcome|grant|report) " +
    "loop/(run|apply-outcome|retry-policy|why-now|error-words) runners/(runner|launch-backoff) schedule/(choose|explanation) notices/notice",
  runner:
    "errors/start-failure clis/(json-line|environment|[^/]+/(command|parse)) workdir/(step-input|render-input|safe-name|mask-secrets) execute/limits link/credits",
};
const PURE = Object.entries(PURE_FILES)
  .map(([pkg, files]) => `^${pkg}/src/(${files.replaceAll(" ", "|")})\\.ts$`)
  .join("|");
const TEST = "\\.test\\.ts$";

const rule = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

const leftward = Object.entries(ROOMS).flatMap(([pkg, list]) => {
  const rooms = list.split(" ");
  return rooms.slice(0, -1).map((room, i) => {
    const right = rooms.slice(i + 1).join("|");
    return rule(
      `${pkg}/${room} looks left`,
      "see the list of rooms",
      { path: `^${pkg}/src/${room}/` },
      { path: `^${pkg}/src/(${right})/` },
    );
  });
});

export default {
  forbidden: [
    rule(
      "no cycles",
      "two files that need each other are one file",
      {},
      { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    ),
    rule(
      "everything resolves",
      "an import that leads nowhere",
      {},
      { couldNotResolve: true, pathNot: "^\\$(app|env)/|^\\$service-worker" },
    ),
    rule(
      "only known rooms",
      "a new room is added to the list first, at its place",
      { path: "^(supervisor|runner)/src/" },
      {
        path: `^(supervisor/src/(?!(${ROOMS.supervisor.replaceAll(" ", "|")})/)|runner/src/(?!(${ROOMS.runner.replaceAll(" ", "|")})/))[^/]+/`,
      },
    ),
    rule(
      "programs meet in proto",
      "supervisor and runner talk by RPC, never by import",
      { path: "^(supervisor|runner)/" },
      { path: "^(supervisor|runner|web|clients|e2e)/", pathNot: "^$1/" },
    ),
    rule(
      "clients use the SDK",
      "malamarctl, web and e2e import the SDK and proto, no other package",
      { path: "^(web|clients/malamarctl|e2e)/" },
      { path: "^(supervisor|runner|web|clients/[^/]+|e2e)/", pathNot: "^$1/|^clients/sdk-ts/" },
    ),
    rule(
      "the SDK stands alone",
      "it knows proto only",
      { path: "^clients/sdk-ts/" },
      { path: "^(supervisor|runner|web|clients/malamarctl|e2e)/" },
    ),
    ...leftward,
    rule(
      "pure files use no package",
      "no clock, disk, process; types are free",
      { path: PURE },
      { dependencyTypes: ["core", "npm"], dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "pure files use pure files",
      "and errors, and types",
      { path: PURE },
      {
        path: "^(supervisor|runner)/src/",
        pathNot: `^(supervisor|runner)/src/errors/|^runner/src/clis/cli\\.ts$|${PURE}`,
        dependencyTypesNot: ["type-only"],
      },
    ),
    rule(
      "one door to SQLite",
      "only store/ opens the driver",
      { path: "^supervisor/src/", pathNot: "^supervisor/src/store/" },
      { path: "node_modules/better-sqlite3" },
    ),
    rule(
      "proto at the edge of the supervisor",
      "rooms speak their own words; rpc/ and runners/ translate",
      { path: "^supervisor/src/", pathNot: `^supervisor/src/(rpc|runners)/|${TEST}` },
      { path: "^proto/" },
    ),
    rule(
      "proto at the edge of the runner",
      "link/ speaks it, execute/ encodes the log in it, the port of the CLIs may name its types",
      { path: "^runner/src/", pathNot: `^runner/src/(link|execute)/|^runner/src/clis/cli\\.ts$|${TEST}` },
      { path: "^proto/" },
    ),
    rule(
      "one door to processes",
      "spawning lives in one place per package",
      { path: "^(supervisor|runner)/src/", pathNot: `^supervisor/src/(runners|commands)/|^runner/src/process/|${TEST}` },
      { path: "^(node:)?child_process$|node_modules/(execa|tree-kill)" },
    ),
    rule(
      "a CLI does not know another CLI",
      "shared code goes to process/ or beside the port",
      { path: "^runner/src/clis/([^/]+)/" },
      { path: "^runner/src/clis/[^/]+/", pathNot: "^runner/src/clis/$1/" },
    ),
    rule(
      "the demo agent is a separate program",
      "it stands for somebody else's CLI, so its files use nothing of ours but each other",
      { path: "^runner/src/clis/demo/demo-[^/]+\\.ts$", pathNot: TEST },
      { path: "^(runner|proto)/", pathNot: "^runner/src/clis/demo/demo-" },
    ),
    rule("ui knows no domain", "lib/ui would fit any product", { path: "^web/src/lib/ui/" }, { path: "^web/src/lib/(?!ui/)" }),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|build|\\.svelte-kit)/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["svelte", "import", "node", "default"],
      extensions: [".ts", ".js", ".mjs", ".svelte", ".json"],
    },
  },
};
