import { toProblem, type Problem } from "@malamar/sdk/problem";

/** One order to the supervisor at a time: that it is under way, and what was wrong with the last one. */
export class Attempt {
  busy = $state(false);
  problem = $state.raw<Problem>();

  /** True when it worked. */
  async run(order: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = undefined;
    try {
      await order();
      return true;
    } catch (error) {
      this.problem = toProblem(error);
      return false;
    } finally {
      this.busy = false;
    }
  }

  dismiss(): void {
    this.problem = undefined;
  }
}
