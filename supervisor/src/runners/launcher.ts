/** A runner's process (or whatever the launcher's engine has instead), so that it is never mistaken for another one. */
export interface LivingRunner {
  runnerId: string;
  pid: number;
  pidStartTicks: number;
}

export interface LaunchOrder {
  /** One id per workspace and epoch, or per spare: launching it again finds the one that lives. */
  runnerId: string;
  boot: number;
  /** Reaches the runner on its standard input only: arguments and environment can be read by others. */
  token: string;
}

export interface RunnerEnd {
  /** It ended by itself and without an error. */
  clean: boolean;
  /** How it ended, one sentence. */
  sentence: string;
}

/**
 * Starts and ends runners. Every way to do that – processes here, later units of a service manager or containers elsewhere – keeps
 * to the same contract tests.
 */
export interface RunnerLauncher {
  /** Why no runner can be started here, one sentence; undefined = it can. */
  probe(): Promise<string | undefined>;
  /** Settles when the process exists, not when it is ready: that it says itself. */
  launch(order: LaunchOrder): Promise<LivingRunner>;
  /** Runners of this installation that live, by asking the engine: also those of earlier supervisors and those nobody remembers. */
  list(): Promise<LivingRunner[]>;
  /** Removes what runners that ended long ago have left. */
  tidy(): Promise<void>;
  /** Calls once when the runner has ended, also when it had already. @returns a function that stops watching */
  watch(runner: LivingRunner, onEnd: (end: RunnerEnd) => void): () => void;
  /** Ends the runner, asking first and insisting after `grace` milliseconds. Settles when it is proven gone, rejects when that cannot be. */
  stop(runner: LivingRunner, grace: number): Promise<void>;
}
