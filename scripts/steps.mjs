// Runs named steps, two at a time, with one line each, and shows at the end what the failed ones said.
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** The commands of the tools that the root package installs come first. */
export const env = {
  ...process.env,
  PATH: [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter),
};

/** What is captured is shown later or looked through, so without colours. */
const plain = { ...env, NO_COLOR: "1", FORCE_COLOR: undefined };

/** Runs one command to its end; resolves to its exit code and everything it said. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: plain, stdio: ["ignore", "pipe", "pipe"], ...options });
    const said = [];
    child.stdout?.on("data", (chunk) => said.push(chunk));
    child.stderr?.on("data", (chunk) => said.push(chunk));
    child.on("error", (error) => resolve({ code: 127, said: `${command} could not be started: ${error.message}` }));
    child.on("close", (code, signal) =>
      resolve({ code: code ?? 1, said: Buffer.concat(said).toString() + (signal ? `\nended by ${signal}` : "") }),
    );
  });
}

async function runStep({ name, command, cwd }) {
  const since = performance.now();
  const said = [];
  let code = 0;
  for (const [program, ...args] of command) {
    const result = await run(program, args, cwd ? { cwd: join(root, cwd) } : {});
    said.push(result.said);
    code = result.code;
    if (code !== 0) break;
  }
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  console.log(`${code === 0 ? "ok  " : "FAIL"} ${name.padEnd(22)} ${seconds.padStart(5)} s`);
  return { name, ok: code === 0, said: said.join("\n").trim() };
}

/** @param steps {{ name: string, command: string[][], cwd?: string }[]} commands of one step run one after the other */
export async function runSteps(steps, atOnce = 2) {
  const waiting = [...steps];
  const results = [];
  const lane = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) results.push(await runStep(step));
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const failed = results.filter((each) => !each.ok);
  for (const each of failed) console.log(`\n── ${each.name} ──\n${each.said || "(it said nothing)"}`);
  return { passed: results.length - failed.length, failed };
}
