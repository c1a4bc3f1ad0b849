import { toProblem, type Problem } from "@malamar/sdk/problem";

/** For orders that carry an idempotency key, whose text is still in its field. */
export const SEND_AGAIN = "What you wrote is still here. Send it again when Malamar is back; it is stored only once.";

/** One order to the supervisor at a time: that it is under way, and what was wrong with the last one. */
export class Attempt {
  busy = $state(false);
  problem = $state.raw<Problem>();
  #whenUnreachable: string | undefined;

  /** Takes the next step for the case that no answer came, where this order knows a better one. */
  constructor(whenUnreachable?: string) {
    this.#whenUnreachable = whenUnreachable;
  }

  /** True when it worked. */
  async run(order: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = undefined;
    try {
      await order();
      return true;
    } catch (error) {
      const problem = toProblem(error);
      if (problem.kind === "unreachable" && this.#whenUnreachable !== undefined) problem.nextStep = this.#whenUnreachable;
      this.problem = problem;
      return false;
    } finally {
      this.busy = false;
    }
  }

  dismiss(): void {
    this.problem = undefined;
  }
}
