import { toProblem } from "@malamar/sdk/problem";
import { cleanLine, cleanText } from "./output/clean.ts";
import { EXIT_OF_PROBLEM, type ExitCode, Failure } from "./exit-code.ts";

export interface Complaint {
  code: ExitCode;
  /** For stderr, with its last line end; empty when there is nothing to say. */
  text: string;
}

/** Puts whatever ended a command into words: what happened, what was kept, what to do next. */
export function complain(error: unknown, { url, debug }: { url: string; debug: boolean }): Complaint {
  const { code, lines } = error instanceof Failure ? ofFailure(error) : ofCall(error, url);
  const trace = debug && error instanceof Error ? traceOf(error) : [];
  const [first = "", ...rest] = [...lines.filter((line) => line !== ""), ...trace];
  if (first === "") return { code, text: "" };
  return { code, text: `${cleanText([`malamarctl: ${first}`, ...rest].join("\n"))}\n` };
}

interface Said {
  code: ExitCode;
  lines: string[];
}

function ofFailure(failure: Failure): Said {
  return { code: failure.code, lines: [failure.message, failure.nextStep] };
}

function ofCall(error: unknown, url: string): Said {
  const problem = toProblem(error);
  const code = EXIT_OF_PROBLEM[problem.kind];
  switch (problem.kind) {
    case "unreachable":
      return {
        code,
        lines: [`no answer from Malamar at ${url}: ${OUTAGE[problem.reason] ?? problem.message}`, ...afterOutage(problem.reason)],
      };
    case "unsupported":
    case "unavailable":
      return { code, lines: [`${problem.message} (at ${url})`, problem.nextStep] };
    case "internal":
      if (problem.reason !== "bug") return { code, lines: [`${problem.message} (at ${url})`, problem.nextStep] };
      return { code, lines: [`a fault in malamarctl itself: ${problem.message}`, "Run it again with --debug and report what it prints."] };
    default: {
      const violations = problem.violations.map(({ field, description }) => `${cleanLine(field)}: ${cleanLine(description)}`);
      // A server that named the only field in its sentence need not be repeated.
      const further = violations.filter((violation) => violations.length > 1 || !problem.message.includes(violation));
      return { code, lines: [problem.message, ...further.map((violation) => `  ${violation}`), problem.nextStep] };
    }
  }
}

const OUTAGE: Record<string, string> = {
  connection_refused: "nothing listens there.",
  host_not_found: "the host name is not known.",
  no_route: "the host cannot be reached.",
  connection_lost: "the connection broke in the middle.",
  timed_out: "it took too long.",
};

function afterOutage(reason: string): string[] {
  if (reason === "connection_lost" || reason === "timed_out" || reason === "network") {
    return ["If this was to change something, look whether it did before you repeat it."];
  }
  return [
    "Nothing was changed.",
    "Start it with `malamar start`, or `npm start` in a clone. For another server give --url or set MALAMAR_URL.",
  ];
}

function traceOf(error: Error): string[] {
  const lines: string[] = [];
  for (let cause: unknown = error; cause instanceof Error && lines.length < 100; cause = cause.cause) {
    lines.push(...(lines.length > 0 ? ["caused by"] : []), ...(cause.stack ?? cause.message).split("\n"));
  }
  return lines;
}
