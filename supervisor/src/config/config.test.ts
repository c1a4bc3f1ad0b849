import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Problem } from "#errors/problem.ts";
import { loadConfig, optionName, type LoadedConfig, type Surroundings } from "./config.ts";
import { envName, flagName, SETTING_PATHS, SETTINGS, type SettingPath } from "./setting.ts";

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "malamar-config-"))));
afterEach(() => rmSync(home, { recursive: true }));

const load = (given: Partial<Surroundings> = {}): LoadedConfig => loadConfig({ env: {}, flags: {}, cwd: home, home, ...given });

function write(content: string, folder = ".malamar"): string {
  mkdirSync(join(home, folder), { recursive: true });
  const file = join(home, folder, "malamar.yaml");
  writeFileSync(file, content);
  return file;
}

/** Every mistake that the configuration is refused for, one line each. */
function mistakes(given: Partial<Surroundings> = {}): string[] {
  try {
    load(given);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.violations.map(({ field, description }) => `${field} ${description}`);
  }
  return [];
}

test("without anything set the defaults of the contract hold, and each says that it is one", () => {
  const { config, sources, file } = load();
  expect(config).toMatchObject({
    host: "127.0.0.1",
    port: 3456,
    dataDir: join(home, ".malamar"),
    warmSpare: true,
    timeLimits: { timeLimit: 0, silenceWarning: 300_000, silenceLimit: 1_800_000 },
    logCap: 268_435_456,
    backOff: { first: 1000, longest: 300_000 },
    clis: {},
  });
  expect(new Set(Object.values(sources).map((source) => source.from))).toEqual(new Set(["default"]));
  expect(file).toBe(join(home, ".malamar", "malamar.yaml"));
});

/** For each setting three different values as they may be written, and what the configuration then holds. */
const EXAMPLES: Record<SettingPath, { file: string; flag: unknown; env: string; held: [unknown, unknown, unknown] }> = {
  host: { file: '"::1"', flag: "127.0.0.1", env: "::1", held: ["::1", "127.0.0.1", "::1"] },
  port: { file: "1001", flag: "1002", env: "1003", held: [1001, 1002, 1003] },
  dataDir: { file: "below", flag: "flagged", env: "~/mine", held: ["below", "flagged", "mine"] },
  logLevel: { file: "warn", flag: "debug", env: "error", held: ["warn", "debug", "error"] },
  logFormat: { file: "json", flag: "pretty", env: "json", held: ["json", "pretty", "json"] },
  hostNames: { file: "[A.example]", flag: ["b"], env: "c, d", held: [["a.example"], ["b"], ["c", "d"]] },
  maxExecutions: { file: "1", flag: "2", env: "3", held: [1, 2, 3] },
  workspacesPerRunner: { file: "2", flag: "3", env: "4", held: [2, 3, 4] },
  warmSpare: { file: "false", flag: "true", env: "false", held: [false, true, false] },
  runnerIdle: { file: "0", flag: "2s", env: "3m", held: [0, 2000, 180_000] },
  containment: { file: "L0", flag: "L1", env: "L2", held: ["L0", "L1", "L2"] },
  "timeLimits.timeLimit": { file: "1h", flag: "2h", env: "0", held: [3_600_000, 7_200_000, 0] },
  "timeLimits.silenceWarning": { file: "1m", flag: "2m", env: "3m", held: [60_000, 120_000, 180_000] },
  "timeLimits.silenceLimit": { file: "1m", flag: "2m", env: "3m", held: [60_000, 120_000, 180_000] },
  logCap: { file: "1 MiB", flag: "2MB", env: "70000", held: [1_048_576, 2_000_000, 70_000] },
  diskReserve: { file: "1 GiB", flag: "auto", env: "0", held: [1_073_741_824, "auto", 0] },
  stopGrace: { file: "1s", flag: "2s", env: "3s", held: [1000, 2000, 3000] },
  finishGrace: { file: "1s", flag: "2s", env: "3s", held: [1000, 2000, 3000] },
  renewInterval: { file: "1s", flag: "2s", env: "3s", held: [1000, 2000, 3000] },
  lease: { file: "1m", flag: "2m", env: "3m", held: [60_000, 120_000, 180_000] },
  eventRetention: { file: "1d", flag: "30d", env: "365d", held: [86_400_000, 2_592_000_000, 31_536_000_000] },
  "backOff.first": { file: "2s", flag: "3s", env: "4s", held: [2000, 3000, 4000] },
  "backOff.longest": { file: "2s", flag: "3s", env: "4s", held: [2000, 3000, 4000] },
  sample: { file: "false", flag: "true", env: "false", held: [false, true, false] },
};

test.each(SETTING_PATHS)("%s: the environment goes over the flag, the flag over the file, each with its source", (path) => {
  const { file, flag, env, held } = EXAMPLES[path];
  const nested = path.split(".").map((key, depth) => `${"  ".repeat(depth)}${key}:`);
  const yaml = write(`# comment\n${nested.join("\n")} ${file}\n`, "elsewhere");
  const flags = { config: yaml, [optionName(path)]: flag };
  const places = { dataDir: (name: unknown, folder = home) => join(folder, String(name)) } as Partial<
    Record<SettingPath, (v: unknown, f?: string) => string>
  >;
  const place = places[path] ?? ((value: unknown) => value);
  const value = ({ config }: LoadedConfig) =>
    path.split(".").reduce<unknown>((from, key) => (from as Record<string, unknown>)[key], config);

  const byFile = load({ flags: { config: yaml } });
  expect(value(byFile)).toEqual(place(held[0], join(home, "elsewhere")));
  expect(byFile.sources[path]).toEqual({ from: "file", place: `${yaml}:${nested.length + 1}` });

  const byFlag = load({ flags });
  expect(value(byFlag)).toEqual(place(held[1]));
  expect(byFlag.sources[path]).toEqual({ from: "flag", place: flagName(path) });

  const byEnv = load({ flags, env: { [envName(path)]: env } });
  expect(value(byEnv)).toEqual(place(held[2]));
  expect(byEnv.sources[path]).toEqual({ from: "environment", place: envName(path) });
});

test("variables and flags are called as people expect", () => {
  expect((["dataDir", "timeLimits.silenceLimit", "backOff.first"] as const).map(envName)).toEqual([
    "MALAMAR_DATA_DIR",
    "MALAMAR_SILENCE_LIMIT",
    "MALAMAR_BACK_OFF_FIRST",
  ]);
  expect((["dataDir", "timeLimits.silenceLimit", "backOff.first"] as const).map(flagName)).toEqual([
    "--data-dir",
    "--silence-limit",
    "--back-off-first",
  ]);
  expect(new Set(SETTING_PATHS.map(envName)).size).toBe(SETTING_PATHS.length);
  for (const path of SETTING_PATHS) expect(SETTINGS[path].sentence).toMatch(/^[A-Z]/);
});

test.each([
  ["prot: 1", 1, "prot is not a setting; known here: host, port,"],
  [
    "port: 3456\ntimeLimits:\n  silenceLimit: 5m\n  silenceLimits: 5m",
    4,
    "timeLimits.silenceLimits is not a setting; known here: timeLimit, silenceWarning",
  ],
  ["# words\nbackOff: 5s", 2, "backOff must be a group of keys"],
  ["port: 70000", 1, "port must be a whole number from 0 to 65535"],
  ["port:", 1, "port must be a whole number"],
  ["logLevel: loud", 1, "logLevel must be one of trace"],
  ["warmSpare: maybe", 1, "warmSpare must be true or false"],
  ["runnerIdle: 5 minutes", 1, 'runnerIdle must be a duration such as "30s"'],
  ["runnerIdle: 30d", 1, "runnerIdle must be a duration"],
  ["hostNames: [https://x]", 1, "hostNames must be host names without port"],
  ["logCap: 1 KiB", 1, "logCap must be a size"],
  ["host: 0.0.0.0", 1, "host must be 127.0.0.1 or ::1: there is no sign-in yet"],
  ["port: 1\nport: 2", 2, "is not valid YAML: Map keys must be unique"],
  ["port: [1", 1, "is not valid YAML"],
  ["clis:\n  demo: { command: [x] }", 2, "clis.demo is the name of a CLI that Malamar knows already"],
  ["clis:\n  my cli: { command: [x] }", 2, "clis.my cli must be 1 to 40 lower-case letters"],
  ["clis:\n  mine:\n    comand: [x]\n    command: [x]", 3, "clis.mine.comand is not a setting"],
  ["clis:\n  mine: { command: [] }", 2, "clis.mine.command must name at least the program"],
  ['clis:\n  mine: { command: [" "] }', 2, "clis.mine.command must name the program first"],
  ["clis:\n  mine:\n    title: x", 2, "clis.mine.command must be a list"],
  [
    'clis:\n  mine:\n    command:\n      - x\n      - "{inptu}"',
    5,
    "clis.mine.command.1 has the unknown placeholder {inptu}; known are {input}",
  ],
  ["clis:\n  mine:\n    command: [x]\n    promptBy: argument", 3, "clis.mine.command must contain {prompt}, since promptBy is argument"],
  ["clis:\n  mine:\n    command: [x]\n    promptBy: mail", 4, "clis.mine.promptBy must be one of stdin, argument, file"],
  ["clis:\n  mine:\n    command: [x]\n    successPattern: '('", 4, "clis.mine.successPattern must be a regular expression"],
  [
    "clis:\n  mine:\n    command: [x]\n    outcomePatterns: [{ pattern: '', fault: auth }]",
    4,
    "outcomePatterns.0.pattern must not be empty",
  ],
  ["clis:\n  mine:\n    command: [x]\n    env:\n      A-B: x", 5, "clis.mine.env.A-B must be the name of an environment variable"],
  ["clis:\n  mine:\n    command: [x]\n    envPass: [MALAMAR_TOKEN]", 4, "clis.mine.envPass.0 must not begin with MALAMAR_"],
])("the file %j is refused at line %i", (content, line, words) => {
  const file = write(content);
  const [first = "", ...others] = mistakes();
  expect(first.slice(0, `${file}:${line}`.length + 1).replace(/:$/, " ")).toBe(`${file}:${line} `);
  expect(first).toContain(words);
  expect(others).toEqual([]);
});

test("a file that is no list of settings is refused, an empty one is fine", () => {
  const file = write("- port");
  expect(mistakes()).toEqual([`${file} must be a list of settings, \`key: value\``]);
  write("# nothing yet\n");
  expect(mistakes()).toEqual([]);
});

test.each(["MALAMAR_PROT", "MALAMAR_CLIS", "MALAMAR_", "MALAMAR_TIME_LIMITS_TIME_LIMIT"])("the variable %s is refused", (name) => {
  expect(mistakes({ env: { [name]: "1" } })).toEqual([`${name} is not a setting; unset it or correct its name`]);
});

test("what agents and clients get in their environment is no mistake, and an empty variable is not set", () => {
  const env = { MALAMAR_EXECUTION_ID: "x", MALAMAR_TASK_ID: "x", MALAMAR_WORKSPACE_ID: "x", MALAMAR_URL: "x", MALAMAR_TOKEN: "x" };
  expect(load({ env: { ...env, MALAMAR_DEMO_PACE: "0", MALAMAR_PORT: "", HOME: "/x" } }).sources.port.from).toBe("default");
});

test("what was kept and what to do next is said with the mistakes", () => {
  expect(() => load({ flags: { port: "x" } })).toThrow(
    expect.objectContaining({
      kind: "invalid",
      message: expect.stringMatching(/nothing was started or changed:\n {2}--port must be/),
      nextStep: expect.stringContaining("start again"),
    }),
  );
});

test("all mistakes are named at once, each at its place", () => {
  const file = write("port: x\nsmaple: no");
  expect(
    mistakes({ env: { MALAMAR_LEASE: "soon", MALAMAR_X: "" }, flags: { host: "0.0.0.0", maxExecutions: "-1" } }).map(
      (each) => each.split(" ")[0],
    ),
  ).toEqual(["MALAMAR_X", "--host", "--max-executions", "MALAMAR_LEASE", `${file}:1:`, `${file}:2:`]);
});

test("values that contradict each other are refused with the place of the one that is set", () => {
  expect(mistakes({ env: { MALAMAR_LEASE: "20s" } })).toEqual([
    expect.stringMatching(/^MALAMAR_LEASE: lease must be at least three times renewInterval/),
  ]);
  expect(mistakes({ flags: { backOffFirst: "10m" } })).toEqual([expect.stringMatching(/^backOff.longest must not be shorter/)]);
});

test("a file that is named must exist; one that is not named need not", () => {
  expect(mistakes({ flags: { config: "no.yaml" } })).toEqual([`${join(home, "no.yaml")} cannot be read (ENOENT)`]);
  expect(mistakes({ env: { MALAMAR_CONFIG: "~/no.yaml" }, flags: { config: "other.yaml" } })).toEqual([
    `${join(home, "no.yaml")} cannot be read (ENOENT)`,
  ]);
});

test("the file is looked for in the data directory that environment or flag name", () => {
  write("port: 1234", "data");
  expect(load({ flags: { dataDir: "data" } }).config).toMatchObject({ port: 1234, dataDir: join(home, "data") });
  expect(load({ env: { MALAMAR_DATA_DIR: "~/data" } }).config.port).toBe(1234);
});

test("a file inside the data directory cannot point to another data directory", () => {
  const file = write("dataDir: ../other");
  expect(mistakes()).toEqual([expect.stringContaining(`${file}:1: dataDir must not point away`)]);
  write("dataDir: .");
  expect(mistakes()).toEqual([]);
});

test("a custom CLI gets what it leaves out", () => {
  const yaml = write(
    'clis:\n  script:\n    title: My script\n    command: [sh, -c, "cat {input}"]\n  bare: { command: ["x", "{\\"a\\": 1}"] }\n',
  );
  const { config, sources } = load();
  expect(config.clis).toEqual({
    script: {
      title: "My script",
      custom: {
        command: ["sh", "-c", "cat {input}"],
        promptBy: "stdin",
        outputFormat: "text",
        successPattern: "",
        outcomePatterns: [],
        env: {},
        envPass: [],
      },
    },
    bare: { title: "bare", custom: expect.objectContaining({ command: ["x", '{"a": 1}'] }) },
  });
  expect(sources.clis).toEqual({ from: "file", place: `${yaml}:1` });
});
