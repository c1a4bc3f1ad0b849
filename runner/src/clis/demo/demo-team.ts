// What each member of the demo team does: decided from the input alone, carried out by demo-cli.ts.
import type { DemoComment, DemoInput } from "./demo-input.ts";

export interface Turn {
  /** null = skip. */
  comment: string | null;
  writes: { name: string; content: string }[];
  reads: string[];
}

/** What the agent finds in its working directory; null = no such file. */
export type ReadFile = (name: string) => string | null;

type Role = "planner" | "implementer" | "reviewer" | "approver" | "other";

const SKIP: Turn = { comment: null, writes: [], reads: [] };

export function takeTurn(input: DemoInput, read: ReadFile): Turn {
  switch (roleOf(input.name, input.instruction)) {
    case "planner":
      return plan(input, read);
    case "implementer":
      return implement(input, read);
    case "reviewer":
      return review(input, read);
    case "approver":
      return SKIP;
    case "other":
      return greet(input);
  }
}

function roleOf(name: string, instruction = ""): Role {
  return namedRole(name) ?? namedRole(instruction) ?? "other";
}

function namedRole(words: string): Role | null {
  if (/\bplan/i.test(words)) return "planner";
  if (/\b(implement|develop|cod(er|ing)|build|engineer|writer)/i.test(words)) return "implementer";
  if (/\breview/i.test(words)) return "reviewer";
  if (/\bapprov/i.test(words)) return "approver";
  return null;
}

function plan(input: DemoInput, read: ReadFile): Turn {
  const mine = newest(input, (each) => each.author === input.name);
  const asked = newestRequest(input);
  if (mine.at !== -1 && mine.at > asked.at) return SKIP;
  const target = targetFile(input, read);
  const request = asked.comment === null ? "" : `\nThe newest request: ${asked.comment.content.trim()}\n`;
  const steps = [`Write \`${target}\`.`, "Read it again and check it against the task.", "Hand it to a person for review."];
  const list = steps.map((step, at) => `${at + 1}. ${step}`).join("\n");
  const name = ownName("PLAN.md", input, read);
  return {
    comment: `**Demo plan** for "${input.summary}" (in \`${name}\`):\n\n${list}`,
    writes: [{ name, content: `# Plan (demo)\n\nTask: ${input.summary}\n${request}\n${list}\n` }],
    reads: [],
  };
}

function implement(input: DemoInput, read: ReadFile): Turn {
  const mine = newest(input, (each) => each.author === input.name);
  const planned = newest(input, (each) => each.author !== input.name && each.by === "agent" && roleOf(each.author) === "planner");
  const asked = newestRequest(input);
  if (mine.at !== -1 && mine.at > planned.at && mine.at > asked.at) return SKIP;
  const name = targetFile(input, read);
  const content = contentFor(name, input, asked.comment?.content ?? "");
  const why = asked.comment !== null && asked.at > mine.at ? " after the newest comment" : "";
  return {
    comment: `The demo implementer wrote \`${name}\` (${lengthOf(content)})${why}.`,
    writes: [{ name, content }],
    reads: [],
  };
}

function lengthOf(content: string): string {
  const lines = content.split("\n").length - 1;
  return lines === 1 ? "one line" : `${lines} lines`;
}

function review(input: DemoInput, read: ReadFile): Turn {
  const mine = newest(input, (each) => each.author === input.name);
  const done = newest(input, (each) => each.author !== input.name && each.by === "agent" && roleOf(each.author) === "implementer");
  if (done.comment === null || done.at < mine.at) return SKIP;
  const names = mentioned(done.comment.content);
  const findings = names.map((name) => {
    const content = read(name);
    return content === null ? `\`${name}\` is not there.` : `\`${name}\` is there and has ${lengthOf(content)}.`;
  });
  const verdict = names.length > 0 && names.every((name) => read(name) !== null) ? "It looks fine to me." : "Something is missing.";
  return { comment: `Demo review: ${[...findings, verdict].join(" ")}`, writes: [], reads: names };
}

function greet(input: DemoInput): Turn {
  const mine = newest(input, (each) => each.author === input.name);
  if (mine.at !== -1 && mine.at > newestRequest(input).at) return SKIP;
  return { ...SKIP, comment: `${input.name} (demo agent) has read "${input.summary}". A real CLI would follow its instruction now.` };
}

interface Found {
  at: number;
  comment: DemoComment | null;
}

function newest(input: DemoInput, wanted: (comment: DemoComment) => boolean): Found {
  const at = input.comments.findLastIndex(wanted);
  return { at, comment: input.comments[at] ?? null };
}

/** What a person said last. */
function newestRequest(input: DemoInput): Found {
  return newest(input, (each) => each.by === "user");
}

const KNOWN_FILE = /(?<![\w./-])([A-Za-z0-9_-]+\.(?:txt|md|py|js|mjs|ts|sh|html|css|json|csv|ya?ml|sql|go|rs|c|java|rb))(?![\w/])/g;
const PRODUCT_NAMES = /^(node|next|vue|nuxt|express|three|d3)\.js$/i;

/** The file that the newest comment or the task names, else RESULT.md. */
function targetFile(input: DemoInput, read: ReadFile): string {
  const texts = [newestRequest(input).comment?.content ?? "", input.summary, input.description];
  const names = texts
    .flatMap((text) => [...text.matchAll(KNOWN_FILE)].map((match) => match[1] ?? ""))
    .filter((name) => !PRODUCT_NAMES.test(name));
  return ownName(names[0] ?? "RESULT.md", input, read);
}

/** A file that the demo team did not write itself is somebody's work and stays as it is. */
function ownName(name: string, input: DemoInput, read: ReadFile): string {
  const ours = input.comments.some((each) => each.by === "agent" && mentioned(each.content).includes(name));
  return ours || read(name) === null ? name : name.replace(/\.(\w+)$/, ".demo.$1");
}

function mentioned(text: string): string[] {
  return [...new Set([...text.matchAll(/`([\w.-]+\.\w+)`/g)].map((match) => match[1] ?? ""))];
}

function contentFor(name: string, input: DemoInput, request: string): string {
  const quoted = /["“]([^"“”\n]{1,500})["”]/.exec(`${request}\n${input.summary}\n${input.description}`)?.[1];
  const words = quoted ?? (name.startsWith("hello") ? "Hello from Malamar's demo agent!" : input.summary);
  switch (name.slice(name.lastIndexOf(".") + 1)) {
    case "py":
      return `# Written by Malamar's demo agent.\nprint(${JSON.stringify(words)})\n`;
    case "js":
    case "mjs":
    case "ts":
      return `// Written by Malamar's demo agent.\nconsole.log(${JSON.stringify(words)});\n`;
    case "sh":
      return `#!/bin/sh\n# Written by Malamar's demo agent.\nprintf '%s\\n' '${words.replaceAll("'", `'\\''`)}'\n`;
    case "json":
      return `${JSON.stringify({ text: words, writtenBy: "demo agent" }, null, 2)}\n`;
    case "html":
      return `<!doctype html>\n<title>Demo</title>\n<p>${words.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</p>\n`;
    case "md":
      return [
        `# ${input.summary}`,
        "",
        words,
        ...(request === "" ? [] : ["", `Asked for: ${request.trim()}`]),
        "",
        "Written by Malamar's demo agent.",
        "",
      ].join("\n");
    default:
      return `${words}\n`;
  }
}
