// Finds Node 24 and pnpm 12, or brings them through npm into npm's own cache: nothing global. Runs on Node 20.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, dirname } from "node:path";
import { readStamp, writeStamp } from "./stamps.mjs";

const NODE = 24;
const PNPM = 12;

export class ToolsMissing extends Error {
  name = "ToolsMissing";
}

const majorOf = (version) => Number(/^v?(\d+)\./.exec(version ?? "")?.[1]);

const runs = (command) => {
  const result = spawnSync(command, ["--version"], { encoding: "utf8", env: { ...process.env, COREPACK_ENABLE_DOWNLOAD_PROMPT: "0" } });
  return result.status === 0 ? result.stdout.trim() : undefined;
};

const executable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The tools with the environment in which `node` and `pnpm` mean them. */
const toolbox = (node, pnpm) => ({
  node,
  pnpm,
  env: {
    ...process.env,
    PATH: [...new Set([dirname(node), dirname(pnpm)]), process.env.PATH].filter((each) => each && each !== ".").join(delimiter),
  },
});

function onThisMachine() {
  if (majorOf(process.version) < NODE) return undefined;
  return majorOf(runs("pnpm")) === PNPM ? toolbox(process.execPath, "pnpm") : undefined;
}

function broughtBefore(root) {
  const [node, pnpm] = (readStamp(root, "tools") ?? "").split("\n");
  return node && pnpm && executable(node) && executable(pnpm) ? toolbox(node, pnpm) : undefined;
}

function bring(root, say) {
  say(`Bringing Node ${NODE} and pnpm ${PNPM} through npm (kept in npm's cache, nothing global) …`);
  // npx only says where they are. They are then run directly, so that signals and exit codes stay exact.
  const where = 'node -p "process.execPath" && command -v pnpm';
  const result = spawnSync("npx", ["-y", "-p", `node@${NODE}`, "-p", `pnpm@${PNPM}`, "-c", where], {
    encoding: "utf8",
    env: process.env,
    cwd: root,
  });
  const [node, pnpm] = (result.stdout ?? "").trim().split("\n").slice(-2);
  if (result.status !== 0 || !node || !pnpm || majorOf(runs(node)) !== NODE) {
    const said = (result.stderr ?? "")
      .split("\n")
      .filter((line) => /npm (error|ERR)/.test(line))
      .slice(0, 8)
      .join("\n");
    throw new ToolsMissing(
      `Node ${NODE} and pnpm ${PNPM} could not be brought through npm${result.error ? ` (${result.error.message})` : ""}.\n${said}\n\n` +
        `Nothing was changed. Check the network connection and run the same command again, or install Node ${NODE} and pnpm ${PNPM} yourself: they are used when they are there.`,
    );
  }
  writeStamp(root, "tools", `${node}\n${pnpm}`);
  return toolbox(node, pnpm);
}

export function withTools(root, say) {
  return onThisMachine() ?? broughtBefore(root) ?? bring(root, say);
}
