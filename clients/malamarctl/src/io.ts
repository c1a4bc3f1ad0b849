/** Everything of the outside world that a command may touch, besides the server. */
export interface Io {
  /** Results. Resolves when there is room for more, so that a slow reader slows us down. */
  out: (text: string) => Promise<void>;
  /** Notes, progress and complaints. */
  err: (text: string) => Promise<void>;
  readStdin: () => Promise<string>;
  readFile: (path: string) => string;
  env: Readonly<Record<string, string | undefined>>;
  directory: string;
  /** Columns of the terminal that shows the results; not set when they go elsewhere. */
  columns?: number | undefined;
  colour: boolean;
  /** Asks a person; not set when nobody sits there. */
  ask?: ((question: string) => Promise<string>) | undefined;
  now: () => number;
  newKey: () => string;
  /** Ctrl-C. */
  signal: AbortSignal;
}
