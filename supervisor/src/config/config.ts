import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Problem, type Violation } from "#errors/problem.ts";
import type { CustomCli } from "./cli.ts";
import { readConfigFile, type FileSettings } from "./read-config-file.ts";
import { envName, flagName, SETTING_PATHS, SETTINGS, type SettingPath, type SettingValues } from "./setting.ts";

/** Everything that can be set, whoever set it. Durations in milliseconds, sizes in bytes; what each means stands in `setting.ts`. */
export interface Config extends Omit<SettingValues, `${string}.${string}`> {
  timeLimits: { timeLimit: number; silenceWarning: number; silenceLimit: number };
  backOff: { first: number; longest: number };
  clis: Record<string, { title: string; custom: CustomCli }>;
}

/** Who set a value: a variable, a flag, a line of the file, or nobody. */
export interface Source {
  from: "environment" | "flag" | "file" | "default";
  /** E.g. MALAMAR_PORT, --port or /home/me/.malamar/malamar.yaml:3; empty for a default. */
  place: string;
}

export interface LoadedConfig {
  config: Config;
  sources: Record<SettingPath | "clis", Source>;
  /** The file that was read, or would be if it existed. */
  file: string;
}

export interface Surroundings {
  env: Record<string, string | undefined>;
  /** Options as commander gives them, by camel-case name; options that are no settings are passed over. */
  flags: Record<string, unknown>;
  /** Working directory and home directory of the user. */
  cwd: string;
  home: string;
}

/** Variables with our prefix that are meant for agents, runners and clients and may be inherited. */
const OTHERS = new Set([
  "MALAMAR_EXECUTION_ID",
  "MALAMAR_TASK_ID",
  "MALAMAR_WORKSPACE_ID",
  "MALAMAR_URL",
  "MALAMAR_TOKEN",
  "MALAMAR_DEMO_PACE",
]);
const CONFIG_VARIABLE = "MALAMAR_CONFIG";

/** Environment over flags over file over defaults. Throws one problem that names every mistake; nothing is touched. */
export function loadConfig({ env, flags, cwd, home }: Surroundings): LoadedConfig {
  const violations: Violation[] = unknownVariables(env);
  const values: Partial<Record<SettingPath, unknown>> = {};
  const sources = Object.fromEntries(
    [...SETTING_PATHS, "clis"].map((path) => [path, { from: "default", place: "" }]),
  ) as LoadedConfig["sources"];

  const set = (path: SettingPath, raw: unknown, source: Source) => {
    const parsed = SETTINGS[path].schema.safeParse(raw);
    if (parsed.success) {
      values[path] = path === "dataDir" ? absolute(parsed.data as string, cwd, home) : parsed.data;
      sources[path] = source;
    } else violations.push({ field: source.place, description: parsed.error.issues[0]?.message ?? "is not valid" });
  };
  for (const path of SETTING_PATHS) {
    const flag = flags[optionName(path)];
    if (flag !== undefined) set(path, flag, { from: "flag", place: flagName(path) });
    const variable = env[envName(path)];
    if (variable !== undefined && variable !== "") set(path, variable, { from: "environment", place: envName(path) });
  }

  const named = env[CONFIG_VARIABLE] || flags["config"];
  const usual = (values.dataDir as string | undefined) ?? join(home, ".malamar");
  const file = typeof named === "string" ? absolute(named, cwd, home) : join(usual, "malamar.yaml");
  const read = readFile(file, typeof named === "string");
  violations.push(...read.violations);
  for (const { path, value, line } of read.values) {
    const source: Source = { from: "file", place: `${file}:${line}` };
    if (sources[path].from !== "default") continue;
    sources[path] = source;
    values[path] = path === "dataDir" ? absolute(value as string, dirname(file), home) : value;
    if (path === "dataDir" && typeof named !== "string" && values[path] !== dirname(file)) {
      violations.push({
        field: `${source.place}: dataDir`,
        description: "must not point away from the data directory that the file itself lies in; start with --data-dir or --config instead",
      });
    }
  }
  if (read.clisLine !== undefined) sources.clis = { from: "file", place: `${file}:${read.clisLine}` };

  const flat = Object.fromEntries(SETTING_PATHS.map((path) => [path, values[path] ?? SETTINGS[path].fallback])) as SettingValues;
  const config = group({ ...flat, dataDir: flat.dataDir || usual }, read.clis);
  refuse([...violations, ...(violations.length === 0 ? contradictions(config, sources) : [])]);
  return { config, sources, file };
}

/** The name under which commander gives a flag's value, e.g. dataDir. */
export function optionName(path: SettingPath): string {
  return flagName(path)
    .slice(2)
    .replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function unknownVariables(env: Surroundings["env"]): Violation[] {
  const known = new Set([CONFIG_VARIABLE, ...SETTING_PATHS.map(envName), ...OTHERS]);
  return Object.keys(env)
    .filter((name) => name.startsWith("MALAMAR_") && !known.has(name))
    .map((name) => ({ field: name, description: "is not a setting; unset it or correct its name" }));
}

function readFile(file: string, mustExist: boolean): FileSettings {
  const nothing: FileSettings = { values: [], clis: {}, clisLine: undefined, violations: [] };
  if (!mustExist && !existsSync(file)) return nothing;
  try {
    return readConfigFile(file, readFileSync(file, "utf8"));
  } catch (error) {
    return {
      ...nothing,
      violations: [{ field: file, description: `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})` }],
    };
  }
}

function absolute(path: string, base: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : resolve(base, path);
}

function group(values: SettingValues, clis: Config["clis"]): Config {
  const {
    "timeLimits.timeLimit": timeLimit,
    "timeLimits.silenceWarning": silenceWarning,
    "timeLimits.silenceLimit": silenceLimit,
    "backOff.first": first,
    "backOff.longest": longest,
    ...rest
  } = values;
  return { ...rest, timeLimits: { timeLimit, silenceWarning, silenceLimit }, backOff: { first, longest }, clis };
}

/** What each value allows alone but not together. */
function contradictions(config: Config, sources: LoadedConfig["sources"]): Violation[] {
  const found: Violation[] = [];
  const name = (path: SettingPath) => (sources[path].place ? `${sources[path].place}: ${path}` : path);
  if (config.lease < 3 * config.renewInterval) {
    found.push({ field: name("lease"), description: "must be at least three times renewInterval, or a late message loses an execution" });
  }
  if (config.backOff.longest < config.backOff.first) {
    found.push({ field: name("backOff.longest"), description: "must not be shorter than backOff.first" });
  }
  return found;
}

function refuse(violations: Violation[]): void {
  if (violations.length === 0) return;
  const list = violations.map(({ field, description }) => `\n  ${field} ${description}`).join("");
  throw new Problem(
    "invalid",
    "bad_configuration",
    `The configuration has mistakes, so nothing was started or changed:${list}`,
    "Correct what is named above and start again; `malamar serve --help` lists every setting.",
    violations,
  );
}
