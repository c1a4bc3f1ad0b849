import { z } from "zod";
import { LONGEST_TIMER, readDuration, readSize, writeDuration } from "./units.ts";

/** One setting: how its value is read from file, environment or flag, what it is when nobody sets it, and what it is for. */
interface Setting<T> {
  schema: z.ZodType<T>;
  fallback: T;
  sentence: string;
}

function setting<T>(fallback: NoInfer<T>, sentence: string, must: string, read: (raw: unknown) => T | undefined): Setting<T> {
  const schema = z.unknown().transform((raw, issues): T => {
    const value = read(raw);
    if (value !== undefined) return value;
    issues.addIssue({ code: "custom", message: `must be ${must}` });
    return z.NEVER;
  });
  return { schema, fallback, sentence };
}

const within = (value: number | undefined, least: number, most: number) =>
  value !== undefined && Number.isSafeInteger(value) && value >= least && value <= most ? value : undefined;

function count(fallback: number, least: number, most: number, sentence: string) {
  return setting(fallback, sentence, `a whole number from ${least} to ${most}`, (raw) =>
    typeof raw === "number" ? within(raw, least, most) : /^\d{1,9}$/.test(text(raw) ?? "") ? within(Number(raw), least, most) : undefined,
  );
}

function duration(fallback: number, least: number, sentence: string, most = LONGEST_TIMER) {
  const range = `${writeDuration(least)} to ${Math.floor(most / 86_400_000)}d`;
  return setting(fallback, sentence, `a duration such as "30s", "5m" or "0", from ${range}`, (raw) =>
    within(readDuration(raw), least, most),
  );
}

function oneOf<const W extends string>(words: readonly W[], fallback: NoInfer<W>, sentence: string) {
  return setting<W>(fallback, sentence, `one of ${words.join(", ")}`, (raw) => words.find((word) => word === raw));
}

function yesNo(fallback: boolean, sentence: string) {
  return setting(fallback, sentence, "true or false", (raw) =>
    raw === true || raw === "true" ? true : raw === false || raw === "false" ? false : undefined,
  );
}

const text = (raw: unknown): string | undefined => (typeof raw === "string" ? raw.trim() : undefined);

const DAY = 86_400_000;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

function readHostNames(raw: unknown): string[] | undefined {
  const list = Array.isArray(raw)
    ? raw
    : text(raw)
        ?.split(",")
        .filter((name) => name.trim() !== "");
  const names = list?.map((name) => text(name)?.toLowerCase() ?? "");
  return names?.every((name) => HOST_NAME.test(name)) ? names : undefined;
}

/** Every setting but `clis`, by its path in the file. A new one is added here and in `Config`, and has to be read by somebody. */
export const SETTINGS = {
  host: setting(
    "127.0.0.1",
    "Address to listen on",
    "127.0.0.1 or ::1: there is no sign-in yet, so on any other address whoever reaches the port could run commands as you. " +
      "To come in from another machine, use an SSH tunnel (ssh -L 3456:127.0.0.1:3456 …)",
    (raw) => (raw === "127.0.0.1" || raw === "::1" ? (raw as string) : undefined),
  ),
  port: count(3456, 0, 65_535, "Port to listen on; 0 = any free one"),
  dataDir: setting("", "Data directory", "the path of a folder", (raw) => text(raw) || undefined),
  logLevel: oneOf(["trace", "debug", "info", "warn", "error", "fatal", "silent"], "info", "Least important line that is logged"),
  logFormat: oneOf(["auto", "pretty", "json"], "auto", "How lines are logged; auto = pretty on a terminal"),
  hostNames: setting<string[]>(
    [],
    "Further names under which browsers may call the server",
    "host names without port, such as malamar.example.ts.net",
    readHostNames,
  ),
  maxExecutions: count(0, 0, 10_000, "Executions at a time on the whole machine; 0 = no limit"),
  workspacesPerRunner: count(1, 1, 1000, "Workspaces that share one runner process"),
  warmSpare: yesNo(true, "Keep one runner started in advance while there is work"),
  runnerIdle: duration(60_000, 0, "How long a runner without work is kept"),
  containment: oneOf(
    ["auto", "L0", "L1", "L2", "L3"],
    "auto",
    "How surely everything a CLI started is ended; auto = the best that takes nothing away from agents",
  ),
  "timeLimits.timeLimit": duration(0, 0, "How long an execution may take; 0 = no limit"),
  "timeLimits.silenceWarning": duration(300_000, 0, "Time without output after which an execution is marked as silent; 0 = never"),
  "timeLimits.silenceLimit": duration(1_800_000, 0, "Time without output after which an execution is ended; 0 = never"),
  logCap: setting(256 * 1024 ** 2, "Size at which the log of one execution is cut", 'a size such as "256 MiB", at least 64 KiB', (raw) =>
    within(readSize(raw), 65_536, 2 ** 40),
  ),
  diskReserve: setting<number | "auto">(
    "auto",
    "Room on the disk below which nothing new is started; auto = 200 MiB, or 1 % of the disk where that is less",
    'auto, or a size such as "2 GiB"',
    (raw) => (text(raw) === "auto" ? "auto" : within(readSize(raw), 0, 2 ** 50)),
  ),
  stopGrace: duration(5000, 0, "Time between asking a CLI to stop and killing it"),
  finishGrace: duration(15_000, 0, "Time a CLI has to end by itself after its final line"),
  renewInterval: duration(10_000, 1, "How often a runner says that it is alive"),
  lease: duration(300_000, 3, "How long a silent runner keeps its executions"),
  eventRetention: duration(7 * DAY, 1000, "How long events are kept for clients that come back", 3650 * DAY),
  "backOff.first": duration(1000, 1, "Wait after the first error of an agent; doubles with each further one"),
  "backOff.longest": duration(300_000, 1, "Longest wait after errors of an agent"),
  sample: yesNo(true, "Create a sample workspace in a fresh installation"),
} satisfies Record<string, Setting<unknown>>;

export type SettingPath = keyof typeof SETTINGS;
export const SETTING_PATHS = Object.keys(SETTINGS) as SettingPath[];
export type SettingValues = { [P in SettingPath]: (typeof SETTINGS)[P]["fallback"] };

// timeLimits only groups them in the file: each of the three names says by itself what it is.
const words = (path: SettingPath) =>
  path
    .replace("timeLimits.", "")
    .replace(".", "_")
    .replace(/[A-Z]/g, (letter) => `_${letter}`);

/** E.g. MALAMAR_DATA_DIR. */
export const envName = (path: SettingPath): string => `MALAMAR_${words(path).toUpperCase()}`;

/** E.g. --data-dir. */
export const flagName = (path: SettingPath): string => `--${words(path).toLowerCase().replaceAll("_", "-")}`;
