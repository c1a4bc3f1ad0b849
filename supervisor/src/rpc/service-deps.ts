import type { Config } from "#config/config.ts";
import type { Hub } from "#events/hub.ts";
import type { LoopDeps } from "#loop/deps.ts";
import type { Fleet } from "#runners/fleet.ts";
import type { Registry } from "#runners/registry.ts";
import type { DiskWatch } from "#store/disk-watch.ts";

/** Facts of this installation and this process. */
export interface Installation {
  id: string;
  /** Of the product. */
  version: string;
  /** When the supervisor started, Unix milliseconds. */
  startedAt: number;
}

/** What the public services are made of; each takes the part it needs. */
export interface ServiceDeps {
  deps: LoopDeps;
  config: Config;
  hub: Hub;
  registry: Pick<Registry, "attached" | "vitals">;
  fleet: Pick<Fleet, "state">;
  disk: Pick<DiskWatch, "state">;
  installation: Installation;
}
