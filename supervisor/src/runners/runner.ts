/** A runner as the supervisor remembers it across its own restarts. Times in Unix milliseconds. */
export interface Runner {
  id: string;
  /** Highest start number seen of this identity; messages of a lower one are refused. */
  boot: number;
  /** SHA-256 of the secret that only the launcher and the runner know, hex. */
  tokenSha256: string;
  /** Workspaces whose steps it carries out; empty = warm spare. */
  workspaceIds: string[];
  /** 0 until the runner said it. */
  pid: number;
  /** With the pid this is the process: a reused pid has another start. */
  pidStartTicks: number;
  startedAt: number;
  /** Its process is proven gone; it never comes back under this id. */
  endedAt: number | null;
}
