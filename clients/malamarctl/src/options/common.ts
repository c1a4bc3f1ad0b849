import { Option } from "commander";
import { wholeNumber } from "./number.ts";

export function workspaceOption(description: string): Option {
  return new Option("-w, --workspace <workspace>", `${description} (id, title or key prefix)`);
}

export function limitOption(byDefault: number): Option {
  return new Option("-n, --limit <count>", "at most so many; 0 = all").argParser(wholeNumber).default(byDefault);
}

export function fileOption(what: string): Option {
  return new Option("-f, --file <path>", `read ${what} from a file, - = standard input`);
}

export function keyOption(): Option {
  return new Option("--idempotency-key <key>", "the same key again gives the same thing back instead of a second one (kept for 24 hours)");
}

export function yesOption(): Option {
  return new Option("-y, --yes", "do not ask");
}
