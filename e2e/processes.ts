// What /proc says about the processes of one installation. Everything an execution starts inherits its marker and its TMPDIR,
// which lies in the data directory; a runner names the data directory on its command line.
import { readdirSync, readFileSync } from "node:fs";
import { eventually } from "./eventually.ts";

export interface Found {
  pid: number;
  /** Of executions: the one it belongs to. */
  executionId: string;
  command: string;
}

export function executionProcesses(dataDir: string): Found[] {
  return processes(({ environ }) => {
    const marker = environ.find((entry) => entry.startsWith("MALAMAR_EXECUTION_ID="));
    return marker !== undefined && environ.some((entry) => entry.includes(dataDir))
      ? marker.slice("MALAMAR_EXECUTION_ID=".length)
      : undefined;
  });
}

/**
 * The process, as this machine numbers it, that an agent knows by `inner`: the same unless it lives in a PID namespace.
 * -1 = it is gone.
 */
export function processOf(dataDir: string, executionId: string, inner: number): number {
  const own = executionProcesses(dataDir).filter((found) => found.executionId === executionId);
  return own.find(({ pid }) => innermostPid(pid) === inner)?.pid ?? -1;
}

function innermostPid(pid: number): number {
  try {
    return Number(/^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? pid);
  } catch {
    return 0;
  }
}

export function runnerProcesses(dataDir: string): Found[] {
  return processes(({ args }) => (args.includes("--socket") && args[args.indexOf("--data-dir") + 1] === dataDir ? "" : undefined));
}

/** Everything that belongs to the installation and is no supervisor is gone, soon. What is not is told, and then ended. */
export async function expectNothingLeft(dataDir: string, what: "executions" | "executions and runners"): Promise<void> {
  const left = () => [...executionProcesses(dataDir), ...(what === "executions" ? [] : runnerProcesses(dataDir))];
  try {
    await eventually(`no ${what} are left`, () => left().length === 0, { timeout: 8_000, instead: left });
  } catch (error) {
    for (const { pid } of left()) process.kill(pid, "SIGKILL");
    throw error;
  }
}

export function isAlive(pid: number): boolean {
  const state = stateOf(pid);
  return state !== undefined && state !== "Z" && state !== "X";
}

function processes(belongs: (process: { args: string[]; environ: string[] }) => string | undefined): Found[] {
  const found: Found[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || !isAlive(pid)) continue;
    const args = strings(pid, "cmdline");
    const executionId = belongs({ args, environ: strings(pid, "environ") });
    if (executionId !== undefined) found.push({ pid, executionId, command: args.join(" ").slice(0, 200) });
  }
  return found;
}

function strings(pid: number, file: "cmdline" | "environ"): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function stateOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2)[0];
  } catch {
    return undefined;
  }
}
