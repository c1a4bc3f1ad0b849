// StepInput → input.md, in the order that the agent contract names. Pure: the same step gives the same bytes.
import type { StepInput } from "./step-input.ts";

export interface InputPaths {
  /** The agent's working directory. */
  directory: string;
  output: string;
  comments: string;
  activities: string;
}

export interface RenderedInput {
  text: string;
  /** The whole history, when the text shows only its newest part; to be written to the path of the same name. */
  allComments: string | null;
  allActivities: string | null;
}

const LONGEST_HISTORY = 256 * 1024;
const NEWEST_NOTES = 5;
const LONGEST_NOTE = 500;

export function renderInput(input: StepInput, paths: InputPaths): RenderedInput {
  const comments = newest(input.comments);
  const activities = newest(input.activities);
  const sections = [
    intro(input, paths),
    section(
      `Your role: ${oneLine(input.agentName)}`,
      input.agentInstruction.trim() || "Your name says it all: there is no further instruction.",
    ),
    section("The other agents", input.otherAgents.map((name, at) => `${at + 1}. ${oneLine(name)}`).join("\n")),
    section("Where you are", `Run ${input.runNumber}, pass ${input.passNumber}. ${oneLine(input.reason)}`.trim()),
    task(input),
    section("Notes of earlier executions", notes(input.notes)),
    section("Comments", history(comments, input.commentsLeftOut, paths.comments)),
    section("Activity", history(activities, input.activitiesLeftOut, paths.activities)),
    answer(input, paths),
  ];
  return {
    text: `${sections.filter((each) => each !== "").join("\n\n")}\n`,
    allComments: comments.hidden > 0 ? file(comments.all) : null,
    allActivities: activities.hidden > 0 ? file(activities.all) : null,
  };
}

function section(title: string, body: string): string {
  return body.trim() === "" ? "" : `# ${title}\n\n${body.trim()}`;
}

function intro(input: StepInput, paths: InputPaths): string {
  const lines = [
    "You are run by Malamar, which hands a task to a team of AI agents, one after the other. You are one of them. " +
      "You start with a fresh context: everything you know about the task is in this file and in your working directory.",
    "Nobody can answer a question while you run. Work on your own, then write your answer as the last section says.",
    `Workspace: ${oneLine(input.workspaceTitle)}\nWorking directory: ${paths.directory}`,
  ];
  const instruction = input.workspaceInstruction.trim();
  if (instruction !== "") lines.push(`## Instruction of the workspace\n\n${instruction}`);
  return section("You are run by Malamar", lines.join("\n\n"));
}

function task(input: StepInput): string {
  const facts = [`Key: ${oneLine(input.taskKey)}`, `Summary: ${oneLine(input.taskSummary)}`];
  if (input.taskKind !== "") facts.push(`Kind: ${oneLine(input.taskKind)}`);
  const description = input.taskDescription.trim();
  if (description !== "") facts.push("", "Description:", "", fenced("markdown", description));
  return section("The task", facts.join("\n"));
}

function notes(all: string[]): string {
  const lines = all.slice(-NEWEST_NOTES).map((note) => JSON.stringify({ note: Array.from(note).slice(0, LONGEST_NOTE).join("") }));
  return lines.length === 0 ? "" : `Oldest first.\n\n${fenced("json", lines.join("\n"))}`;
}

interface Newest {
  all: string[];
  shown: string[];
  hidden: number;
}

/** As many of the newest entries as fit; the very newest one always. */
function newest(entries: string[]): Newest {
  // An entry is one line by the contract; a line break between its tokens would break that, not its meaning.
  const all = entries.map((entry) => oneLine(entry));
  let from = all.length;
  let room = LONGEST_HISTORY;
  while (from > 0) {
    room -= byteLength(all[from - 1] ?? "") + 1;
    if (room < 0 && from < all.length) break;
    from -= 1;
  }
  return { all, shown: all.slice(from), hidden: from };
}

function history({ shown, all, hidden }: Newest, leftOut: number, path: string): string {
  if (shown.length === 0) return "";
  const words = ["Oldest first, one JSON object a line."];
  if (hidden > 0) words.push(`Only the newest ${shown.length} of ${all.length} are shown here; all of them are in ${path}.`);
  if (leftOut > 0) words.push(`${leftOut} older ${leftOut === 1 ? "entry was" : "entries were"} left out.`);
  return `${words.join(" ")}\n\n${fenced("json", shown.join("\n"))}`;
}

function answer(input: StepInput, paths: InputPaths): string {
  return section(
    "Your answer",
    [
      `Write your answer as a JSON file to this path, and nothing else to it:\n\n${paths.output}`,
      "It is not there yet. Write it last, when everything else is done: soon after it is there you may be ended.",
      `It holds one object with a list of actions and must match this JSON Schema:\n\n${fenced("json", input.answerSchema.trim())}`,
      [
        "- `skip`: there is nothing for you to do now. It must stand alone. When every agent skips, the task goes to a person for review.",
        "- `comment`: say on the task what you did or found, in markdown. Another pass over all agents follows.",
        "- `change_status` to `in_review`: a person must look or decide now; the agents after you do not run. Say why, in `reason` or in a comment.",
        "- `note`: a short text for later executions that is not a comment. It does not count as work.",
      ].join("\n"),
      "Either `skip` alone, or one or more comments, with or without `change_status`, or `change_status` alone; notes may come with any of these but `skip`.",
      'If there is nothing for you to do, answer `{"actions":[{"type":"skip"}]}`. Never comment only to say that there is nothing to do.',
    ].join("\n\n"),
  );
}

/** A block whose fence is longer than any run of backticks in it, so that its content cannot end it. */
function fenced(language: string, content: string): string {
  const longest = (content.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2);
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${content}\n${fence}`;
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}

function file(lines: string[]): string {
  return `${lines.join("\n")}\n`;
}

/** Bytes of the text in UTF-8. */
function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
