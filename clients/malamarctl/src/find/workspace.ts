import type { Workspace } from "@malamar/proto/malamar/v1/workspace_pb";
import type { Malamar } from "@malamar/sdk";
import { toProblem } from "@malamar/sdk/problem";
import { EXIT, Failure, usage } from "#exit-code.ts";
import { readPages } from "#pages.ts";
import { isId } from "./id.ts";

/** Finds a workspace by its id, its title or the prefix of its tasks' keys. */
export async function findWorkspace(malamar: Malamar, text: string): Promise<Workspace> {
  if (isId(text)) {
    const workspace = await byId(malamar, text);
    if (workspace !== undefined) return workspace;
  }
  const all = await allWorkspaces(malamar);
  const matches = [
    all.filter(({ title }) => title === text),
    all.filter(({ title }) => title.toLowerCase() === text.toLowerCase()),
    all.filter(({ prefix }) => prefix === text.toUpperCase()),
  ].find(({ length }) => length > 0);
  const [first, ...others] = matches ?? [];
  if (first === undefined) throw new Failure(EXIT.notFound, `there is no workspace "${text}"`, namesOf(all));
  if (others.length > 0) {
    const choices = [first, ...others].map(({ id, prefix }) => `${prefix} (${id})`).join(", ");
    throw usage(`${others.length + 1} workspaces are called "${text}"`, `Give the prefix or the id of the one you mean: ${choices}`);
  }
  return first;
}

/** The workspace that was named, else the only one there is. */
export async function findOrOnlyWorkspace(malamar: Malamar, text: string | undefined): Promise<Workspace> {
  if (text !== undefined) return await findWorkspace(malamar, text);
  const all = await allWorkspaces(malamar);
  const [only, ...others] = all;
  if (only === undefined) throw new Failure(EXIT.notFound, "there is no workspace yet", "Make one: malamarctl workspace create <title>");
  if (others.length > 0) throw usage(`there are ${all.length} workspaces, so say which one with --workspace`, namesOf(all));
  return only;
}

async function allWorkspaces(malamar: Malamar): Promise<Workspace[]> {
  const { items } = await readPages(
    0,
    (page) => malamar.workspaces.listWorkspaces(page),
    (response) => response.workspaces,
  );
  return items;
}

async function byId(malamar: Malamar, id: string): Promise<Workspace | undefined> {
  try {
    return (await malamar.workspaces.getWorkspace({ id })).workspace;
  } catch (error) {
    if (toProblem(error).kind === "not_found") return undefined;
    throw error;
  }
}

function namesOf(workspaces: readonly Workspace[]): string {
  if (workspaces.length === 0) return "There are none yet; make one: malamarctl workspace create <title>";
  const shown = workspaces.slice(0, 10).map(({ title }) => `"${title}"`);
  return `There are: ${shown.join(", ")}${workspaces.length > shown.length ? ` and ${workspaces.length - shown.length} more` : ""}`;
}
