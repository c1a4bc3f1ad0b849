// One line of JSON → what it says. The format that the demo agent prints and that any script can print:
//   {"type":"message","text":"…"}                          {"type":"thinking","text":"…"}
//   {"type":"tool_call","id":"1","name":"…","input":…}     {"type":"tool_result","id":"1","output":…,"is_error":false}
//   {"type":"usage","input_tokens":1,"output_tokens":2}    {"type":"retry","attempt":1,"reason":"…"}
//   {"type":"error","text":"…"}   {"type":"edit","path":"…","diff":"…"}   {"type":"plan","items":[{"text":"…","done":false}]}
// Field names in snake_case or camelCase. Anything else stays what it was: text.
import type { LogEntry, Usage } from "./cli.ts";

type Fields = Record<string, unknown>;

/** The object on this line; null when the line is anything else. */
export function jsonObject(line: string): Fields | null {
  // Most lines are no JSON; a failed parse is dear.
  if (!line.startsWith("{") && !line.trimStart().startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    return null;
  }
}

const READERS: Record<string, (fields: Fields) => LogEntry> = {
  message: (of) => ({ case: "message", value: { text: text(of, "text") } }),
  thinking: (of) => ({ case: "thinking", value: { text: text(of, "text") } }),
  tool_call: (of) => ({ case: "toolCall", value: { id: text(of, "id"), name: text(of, "name"), input: text(of, "input") } }),
  tool_result: (of) => ({
    case: "toolResult",
    value: { id: text(of, "id"), output: text(of, "output"), isError: field(of, "is_error") === true },
  }),
  usage: (of) => ({ case: "usage", value: usageOf(of) }),
  retry: (of) => ({ case: "retry", value: { attempt: Number(whole(of, "attempt") ?? 0n) & 0xffffffff, reason: text(of, "reason") } }),
  error: (of) => ({ case: "error", value: { text: text(of, "text") } }),
  edit: (of) => ({ case: "edit", value: { path: text(of, "path"), diff: text(of, "diff") } }),
  plan: (of) => ({ case: "plan", value: { items: planItems(of["items"]) } }),
};

/** null when the object has no type that is known here. */
export function entryOf(fields: Fields): LogEntry | null {
  const type = fields["type"];
  if (typeof type !== "string" || !Object.hasOwn(READERS, type)) return null;
  return READERS[type]?.(fields) ?? null;
}

/** Adds up what several lines said; what nobody said stays unknown. */
export function addUsage(sum: Usage | null, more: Usage): Usage {
  const total: Usage = { ...sum };
  const inputTokens = plus(sum?.inputTokens, more.inputTokens);
  const outputTokens = plus(sum?.outputTokens, more.outputTokens);
  const cachedTokens = plus(sum?.cachedTokens, more.cachedTokens);
  if (inputTokens !== undefined) total.inputTokens = inputTokens;
  if (outputTokens !== undefined) total.outputTokens = outputTokens;
  if (cachedTokens !== undefined) total.cachedTokens = cachedTokens;
  if (more.cost !== undefined) total.cost = (sum?.cost ?? 0) + more.cost;
  return total;
}

function plus(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return b === undefined ? a : (a ?? 0n) + b;
}

function usageOf(of: Fields): Usage {
  const usage: Usage = {};
  const input = whole(of, "input_tokens");
  const output = whole(of, "output_tokens");
  const cached = whole(of, "cached_tokens");
  const cost = field(of, "cost");
  if (input !== undefined) usage.inputTokens = input;
  if (output !== undefined) usage.outputTokens = output;
  if (cached !== undefined) usage.cachedTokens = cached;
  if (typeof cost === "number" && Number.isFinite(cost)) usage.cost = cost;
  return usage;
}

function planItems(items: unknown): { text: string; done: boolean }[] {
  if (!Array.isArray(items)) return [];
  return items.map((item: unknown) => {
    const of = typeof item === "object" && item !== null ? (item as Fields) : { text: item };
    return { text: text(of, "text"), done: field(of, "done") === true };
  });
}

function field(of: Fields, name: string): unknown {
  return of[name] ?? of[name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())];
}

/** Strings as they are, nothing for nothing, anything else as JSON. */
function text(of: Fields, name: string): string {
  const value = field(of, name);
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

function whole(of: Fields, name: string): bigint | undefined {
  const value = field(of, name);
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
}
