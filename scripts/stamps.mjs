// Remembers what was installed and built, by content, so that nothing is done twice. Runs on Node 20.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const skipped = new Set(["node_modules", "dist", "build", ".svelte-kit", ".git", ".cache"]);

/** Every file below the given paths (files or folders, relative to root), sorted; a path that is missing counts as empty. */
export function filesBelow(root, paths) {
  const found = [];
  const visit = (path) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (stat?.isFile()) found.push(path);
    if (!stat?.isDirectory()) return;
    for (const name of readdirSync(join(root, path))) if (!skipped.has(name) && !name.startsWith("dist.")) visit(join(path, name));
  };
  paths.forEach(visit);
  return found.sort((a, b) => (a < b ? -1 : 1));
}

/** One hash over names and contents. */
export function fingerprint(root, paths) {
  const hash = createHash("sha256");
  for (const path of filesBelow(root, paths))
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update("\0");
  return hash.digest("hex");
}

/** Stamps live in node_modules: whoever deletes that starts afresh. */
const stampPath = (root, name) => join(root, "node_modules", ".malamar", name);

export function readStamp(root, name) {
  try {
    return readFileSync(stampPath(root, name), "utf8");
  } catch {
    return undefined;
  }
}

export function writeStamp(root, name, value) {
  mkdirSync(join(root, "node_modules", ".malamar"), { recursive: true });
  writeFileSync(stampPath(root, name), value);
}

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
};

/** Two terminals in one folder take turns; a lock whose owner has died is taken over. */
export function oneAtATime(root, onWait, work) {
  const path = stampPath(root, "lock");
  mkdirSync(join(root, "node_modules", ".malamar"), { recursive: true });
  for (let waited = 0; ; waited++) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      const owner = Number(readStamp(root, "lock"));
      if (owner > 0 && !alive(owner)) rmSync(path, { force: true });
      if (waited === 10) onWait();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}
