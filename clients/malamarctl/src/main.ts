import { VERSION } from "./version.ts";

const INTERRUPTED = 130;
// A command that follows something takes its leave at once; one that waits for an answer is not worth more.
const LEAVE_MS = 200;

async function main(args: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  process.on("SIGINT", () => {
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
    interrupt.abort();
    setTimeout(() => process.exit(INTERRUPTED), LEAVE_MS).unref();
  });
  const [{ runMalamarctl }, { processIo }] = await Promise.all([import("./program.ts"), import("./process-io.ts")]);
  process.exitCode = await runMalamarctl(args, processIo(interrupt.signal));
}

const args = process.argv.slice(2);
// Asked often by scripts and completions, and needs nothing of the rest.
if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) process.stdout.write(`${VERSION}\n`);
else void main(args);
