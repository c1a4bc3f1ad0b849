// Small file systems of our own: in memory, or in a file behind a loop device. Needs root.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { expectNothingLeft } from "#processes.ts";
import type { Server } from "#start-malamar.ts";
import type { FaultContext } from "../fault.ts";

export interface Mounted {
  path: string;
  /** Bytes that are left. */
  free(): number;
  /** Takes a power cut's effect: what was not synced is gone. The file system answers with errors until it is mounted anew. */
  cutPower(): void;
  /** Mounts it anew, as after a reboot; the file system repairs itself. */
  remount(options?: string): void;
  unmount(): void;
}

export type FileSystem = "tmpfs" | "ext4" | "xfs";

export function mountAt(context: FaultContext, path: string, kind: FileSystem, megabytes: number): Mounted {
  mkdirSync(path, { recursive: true });
  let image = `${context.folder}/${kind}.image`;
  let boots = 0;
  const mount = (more = "") => {
    // A copy has the id of its original, which may still be mounted in somebody's namespace.
    const options = ["loop", kind === "xfs" ? "nouuid" : "", more].filter(Boolean).join(",");
    if (kind === "tmpfs") must("mount", "-t", "tmpfs", "-o", `size=${megabytes}m,mode=700`, "tmpfs", path);
    else must("mount", "-t", kind, "-o", options, image, path);
  };
  if (kind !== "tmpfs") {
    writeFileSync(image, "");
    truncateSync(image, megabytes * 1024 * 1024);
    if (kind === "ext4") must("mkfs.ext4", "-q", "-m", "0", image);
    else must("mkfs.xfs", "-q", image);
  }
  const obstacle = tryTo(mount);
  if (obstacle !== undefined) context.skip(`this machine does not mount ${kind}: ${obstacle}`);
  return {
    path,
    free: () => {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    },
    cutPower: () => must("xfs_io", "-x", "-c", "shutdown", path),
    remount(options) {
      must("umount", "--lazy", path);
      // Of the bare disk: the file system that was shut down lives on as long as any namespace of this machine knows it.
      const next = `${context.folder}/${kind}-${++boots}.image`;
      must("cp", "--sparse=always", image, next);
      rmSync(image);
      image = next;
      mount(options);
    },
    unmount: () => must("umount", "--lazy", path),
  };
}

/** Malamar with its data directory on a file system of its own. Plays the fault, then ends Malamar before the file system goes. */
export async function withDataOn(
  context: FaultContext,
  { kind, megabytes, config = {} }: { kind: FileSystem; megabytes: number; config?: Record<string, unknown> },
  play: (server: Server, disk: Mounted) => Promise<void>,
): Promise<void> {
  const server = await context.startMalamar({ started: false, config });
  const settings = readFileSync(server.configFile);
  const disk = mountAt(context, server.dataDir, kind, megabytes);
  chmodSync(server.dataDir, 0o700);
  writeFileSync(server.configFile, settings);
  spawnSync("sync", ["--file-system", server.configFile]);
  try {
    await server.start();
    await play(server, disk);
  } finally {
    await server.stop("SIGINT");
    await expectNothingLeft(server.dataDir, "executions and runners");
    disk.unmount();
  }
}

function tryTo(mount: () => void): string | undefined {
  try {
    mount();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function must(command: string, ...args: string[]): void {
  const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };
  const done = spawnSync(command, args, { encoding: "utf8", env });
  if (done.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${done.error?.message ?? done.stderr.trim()}`);
}
