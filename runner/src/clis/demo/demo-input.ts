// Reads input.md the way an agent would: as text, knowing nothing but what stands in it.

export interface DemoComment {
  author: string;
  by: "user" | "agent" | "system";
  content: string;
}

export interface DemoInput {
  name: string;
  instruction: string;
  others: string[];
  summary: string;
  description: string;
  comments: DemoComment[];
  /** Where the answer goes. */
  output: string;
}

const TITLES = new Set([
  "You are run by Malamar",
  "The other agents",
  "Where you are",
  "The task",
  "Notes of earlier executions",
  "Comments",
  "Activity",
  "Your answer",
]);

export function readDemoInput(text: string): DemoInput {
  const sections = sectionsOf(text);
  const role = [...sections.keys()].find((title) => title.startsWith("Your role: "));
  if (role === undefined) throw new Error("the input does not say what my role is");
  const task = sections.get("The task") ?? [];
  const output = (sections.get("Your answer") ?? []).find((line) => line.startsWith("/"));
  if (output === undefined) throw new Error("the input does not say where my answer goes");
  return {
    name: role.slice("Your role: ".length).trim(),
    instruction: (sections.get(role) ?? []).join("\n").trim(),
    others: (sections.get("The other agents") ?? []).flatMap((line) => /^\d+\. (.+)$/.exec(line)?.[1] ?? []),
    summary: task.find((line) => line.startsWith("Summary: "))?.slice("Summary: ".length) ?? "",
    description: fencedLines(task).join("\n"),
    comments: fencedLines(sections.get("Comments") ?? []).map(comment),
    output,
  };
}

function sectionsOf(text: string): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  let fence = "";
  for (const line of text.split("\n")) {
    const mark = /^`{3,}/.exec(line)?.[0] ?? "";
    if (fence === "") fence = mark;
    else if (line === fence) fence = "";
    const title = fence === "" && line.startsWith("# ") ? line.slice(2) : "";
    // An instruction may hold headings of its own; the real section of that name comes after it.
    if (TITLES.has(title) || title.startsWith("Your role: ")) {
      current = [];
      sections.set(title, current);
    } else current.push(line);
  }
  return sections;
}

/** The lines inside the first fenced block. */
function fencedLines(lines: string[]): string[] {
  const start = lines.findIndex((line) => line.startsWith("```"));
  const fence = /^`+/.exec(lines[start] ?? "")?.[0] ?? "";
  const end = lines.indexOf(fence, start + 1);
  return start === -1 || end === -1 ? [] : lines.slice(start + 1, end);
}

function comment(line: string): DemoComment {
  const fields = JSON.parse(line) as Record<string, unknown>;
  const text = (name: string) => (typeof fields[name] === "string" ? fields[name] : "");
  const kind = text("author_kind");
  const by = kind === "agent" || kind === "system" ? kind : "user";
  return { author: text("author"), by, content: text("content") };
}
