// The runner: started by the supervisor, detached, one per active workspace. It carries out executions and outlives the
// supervisor as long as it carries something.
//   node runner.cjs --socket PATH --id RUNNER_ID --boot N --data-dir DIR [--credits N] [--containment LEVEL]     token: first line of stdin
import { randomUUID } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { complain } from "#errors/complain.ts";
import { codeOf, wordsOf } from "#errors/start-failure.ts";
import { probeLevels } from "#process/enclosures.ts";
import { isContainmentSetting } from "#process/containment.ts";
import { serve } from "#link/serve.ts";

const USAGE = 64;
const LONGEST_DELIVERY_MS = 5_000;

function main(): void {
  const { values } = parseArgs({
    options: {
      socket: { type: "string" },
      id: { type: "string" },
      boot: { type: "string" },
      "data-dir": { type: "string" },
      credits: { type: "string", default: "32" },
      containment: { type: "string", default: "auto" },
      // Says which levels this machine has, and why not, as one line of JSON.
      probe: { type: "boolean", default: false },
      // Seconds; only tests are in a hurry.
      "useless-after": { type: "string", default: "60" },
    },
  });
  if (values.probe) {
    void probeLevels().then((levels) => process.stdout.write(`${JSON.stringify(levels)}\n`));
    return;
  }
  const { socket, id, boot, "data-dir": dataDir } = values;
  if (socket === undefined || id === undefined || boot === undefined || dataDir === undefined) {
    throw new Error("A runner is started by Malamar itself, with --socket, --id, --boot and --data-dir.");
  }
  const capacity = Number(values.credits);
  if (!Number.isSafeInteger(capacity) || capacity < 1) throw new Error("--credits must be a whole number from 1 on.");
  const { containment } = values;
  if (!isContainmentSetting(containment)) throw new Error("--containment must be auto, L0, L1, L2 or L3.");
  // Beside this file, in the sources as well as in the bundle.
  const fromSource = import.meta.filename.endsWith(".ts");
  const demoCli = join(import.meta.dirname, fromSource ? "clis/demo/demo-cli.ts" : "demo-cli.cjs");
  const serving = serve({
    workshop: {
      runnerId: id,
      dataDir: resolve(dataDir), // Copied, because every look at the original is a call into the system.
      environment: { ...process.env },
      node: process.execPath,
      demoCli,
    },
    containment,
    socketPath: socket,
    boot: BigInt(boot),
    token: readToken(),
    capacity,
    newId: randomUUID,
    longestUselessMs: Number(values["useless-after"]) * 1000,
  });
  void serving.done.then(() => process.exit(0));

  let stopping = false;
  const stop = (): void => {
    // The second signal always ends it.
    if (stopping) return serving.killAll();
    stopping = true;
    void serving.shutDown(LONGEST_DELIVERY_MS);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // Its terminal is not its reason to live.
  process.on("SIGHUP", () => {});
  // A runner that does not know its own state must not go on, and must not leave a CLI behind either.
  const fail = (error: unknown): void => {
    complain("The runner failed in an unexpected way and ends its executions.", { error });
    process.exitCode = 1;
    serving.killAll();
    setTimeout(() => process.exit(1), 1_000);
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
}

/** A secret is neither an argument nor a variable, because other processes of the user can read both. */
function readToken(): string {
  const bytes = Buffer.alloc(4096);
  let length = 0;
  while (length < bytes.length && !bytes.subarray(0, length).includes(10)) {
    const read = readSome(bytes, length);
    if (read === 0) break;
    length += read;
  }
  // Stays taken, or the next file that is opened would become everybody's stdin.
  closeSync(0);
  openSync("/dev/null", "r");
  const [token = ""] = bytes.toString("utf8", 0, length).split("\n");
  if (token === "") throw new Error("The first line of stdin must be the runner's token.");
  return token.trim();
}

function readSome(bytes: Buffer, at: number): number {
  for (;;) {
    try {
      return readSync(0, bytes, at, bytes.length - at, null);
    } catch (error) {
      if (codeOf(error) === "EOF") return 0;
      if (codeOf(error) !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

try {
  main();
} catch (error) {
  complain(wordsOf(error));
  process.exitCode = USAGE;
}
