import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "#fake-malamar/run.ts";
import { type FakeMalamar, startFakeMalamar } from "#fake-malamar/start.ts";

let malamar: FakeMalamar;
const ctl = (...args: string[]) => run(malamar.url, args);

beforeEach(async () => {
  malamar = await startFakeMalamar();
});
afterEach(() => malamar.stop());

test("a workspace is created with every setting, and shown", async () => {
  const settings = [
    "--description",
    "Be kind.",
    "--directory",
    "code",
    "--queue-order",
    "fifo",
    "--breaker-limit",
    "0",
    "--time-limit",
    "2h",
  ];
  const created = await ctl("workspace", "create", "Malamar itself", "--prefix", "MLM", ...settings, "--silence-limit", "none");
  expect(created).toEqual({ code: 0, out: 'Workspace "Malamar itself" created: w00000000000000000001\n', err: "" });

  const { out } = await ctl("workspace", "get", "malamar itself");
  expect(out).toBe(`Title          Malamar itself
Id             w00000000000000000001
Prefix         MLM
Tasks          0 todo, 0 in progress, 0 in review, 0 done
Directory      static: /home/me/code
Queue          fifo
Breaker        never
Time limit     2h
Silence limit  never
Active         now (2026-11-20T12:00:00Z)
Created        now (2026-11-20T12:00:00Z)
Updated        now (2026-11-20T12:00:00Z)
Version        1

Instruction for every agent
Be kind.
`);
});

test("workspaces are listed, narrower in a narrow terminal", async () => {
  await ctl("workspace", "create", "Second team");
  await ctl("workspace", "create", "Malamar itself and everything that belongs to it");
  await ctl("task", "create", "x", "-w", "Second team");
  expect((await ctl("workspace", "list")).out).toBe(
    `TITLE                                             PREFIX  TODO  IN PROGRESS  IN REVIEW  DONE  PAUSED  ACTIVE  ID
Malamar itself and everything that belongs to it  MAL        0            0          0     0          now     w00000000000000000002
Second team                                       SEC        0            0          0     0          now     w00000000000000000001
`,
  );
  const narrow = await run(malamar.url, ["workspace", "list"], { columns: 72 });
  expect(narrow.out).toBe(
    `TITLE                                 TODO  IN PROGRESS  IN REVIEW  DONE
Malamar itself and everything that…      0            0          0     0
Second team                              0            0          0     0
`,
  );
});

test("the four formats tell the same", async () => {
  await ctl("workspace", "create", "Team", "--description", "two\nlines");
  const id = "w00000000000000000001";
  const json = JSON.parse((await ctl("workspace", "list", "-o", "json")).out);
  expect(json).toMatchObject([
    { id, title: "Team", description: "two\nlines", directoryMode: "DIRECTORY_MODE_TEMP", paused: false, version: "1" },
  ]);
  expect((await ctl("workspace", "get", id, "-o", "yaml")).out).toContain(
    `id: ${id}\ntitle: Team\ndescription: |-\n  two\n  lines\nprefix: TEA\n`,
  );
  expect((await ctl("workspace", "list", "-o", "name")).out).toBe(`${id}\n`);
});

test("no workspaces are nothing on stdout, and a note that --quiet silences", async () => {
  expect(await ctl("workspace", "list")).toEqual({ code: 0, out: "", err: "No workspaces.\n" });
  expect(await ctl("workspace", "list", "-q")).toEqual({ code: 0, out: "", err: "" });
  expect((await ctl("workspace", "list", "-o", "json")).out).toBe("[]\n");
});

test("an update names exactly the fields that were given", async () => {
  await ctl("workspace", "create", "Team", "--time-limit", "2h");
  const { out } = await ctl(
    "workspace",
    "update",
    "Team",
    "--title",
    "Crew",
    "--pause",
    "--time-limit",
    "default",
    "--silence-warning",
    "1m",
  );
  expect(out).toBe('Workspace "Crew" changed: title, paused, limits.time_limit, limits.silence_warning\n');
  expect(malamar.state.workspaces.get("w00000000000000000001")).toMatchObject({
    title: "Crew",
    paused: true,
    limits: { timeLimit: undefined, silenceWarning: { seconds: 60n } },
  });
  await ctl("workspace", "update", "Crew", "--resume", "--directory-mode", "temp", "--directory", "");
  expect(malamar.state.workspaces.get("w00000000000000000001")).toMatchObject({ paused: false, directoryMode: 1, directoryPath: "" });
});

test("an update without a change, and one with two, is refused before anything is sent", async () => {
  await ctl("workspace", "create", "Team");
  const sent = malamar.state.requests.length;
  expect(await ctl("workspace", "update", "Team")).toMatchObject({
    code: 2,
    err: "malamarctl: nothing to change was given\nSee the options with --help.\n",
  });
  expect((await ctl("workspace", "update", "Team", "--pause", "--resume")).code).toBe(2);
  expect(malamar.state.requests).toHaveLength(sent);
});

test("an expected version refuses to overwrite somebody else's change", async () => {
  await ctl("workspace", "create", "Team");
  await ctl("workspace", "update", "Team", "--title", "Crew");
  const refused = await ctl("workspace", "update", "Crew", "--title", "Gang", "--expected-version", "1");
  expect(refused).toEqual({ code: 4, out: "", err: "malamarctl: It was changed since version 1.\nRead it again and repeat the change.\n" });
  expect((await ctl("workspace", "update", "Crew", "--title", "Gang", "--expected-version", "2")).code).toBe(0);
});

test("a workspace is found by id, title in any case, and prefix", async () => {
  await ctl("workspace", "create", "Malamar itself");
  for (const text of ["w00000000000000000001", "Malamar itself", "MALAMAR ITSELF", "mal"]) {
    expect((await ctl("workspace", "get", text, "-o", "name")).out, text).toBe("w00000000000000000001\n");
  }
});

test("a title that two workspaces have asks for the id, and an unknown one says which there are", async () => {
  await ctl("workspace", "create", "Team");
  await ctl("workspace", "create", "Team");
  expect(await ctl("workspace", "get", "team")).toEqual({
    code: 2,
    out: "",
    err: 'malamarctl: 2 workspaces are called "team"\nGive the prefix or the id of the one you mean: TEA (w00000000000000000002), TEA (w00000000000000000001)\n',
  });
  expect(await ctl("workspace", "get", "crew")).toEqual({
    code: 3,
    out: "",
    err: 'malamarctl: there is no workspace "crew"\nThere are: "Team", "Team"\n',
  });
});

test("more workspaces than fit on a page are all listed", async () => {
  for (let index = 0; index < 205; index += 1) await ctl("workspace", "create", `Team ${index}`);
  expect((await ctl("workspace", "list", "-o", "name")).out.trim().split("\n")).toHaveLength(205);
  expect((await ctl("workspace", "list", "-o", "name", "--limit", "3")).out.trim().split("\n")).toHaveLength(3);
  expect((await ctl("workspace", "get", "Team 0", "-o", "name")).code).toBe(0);
});

test("deleting asks a person, and only a person", async () => {
  await ctl("workspace", "create", "Team");
  const questions: string[] = [];
  const answer = (text: string) => (question: string) => {
    questions.push(question);
    return Promise.resolve(text);
  };
  expect(await run(malamar.url, ["workspace", "delete", "Team"], { ask: answer("") })).toEqual({
    code: 1,
    out: "",
    err: "malamarctl: not confirmed, so nothing was changed\n",
  });
  expect(questions).toEqual(['Delete the workspace "Team" with its 0 tasks? This cannot be undone. [y/N] ']);
  expect((await run(malamar.url, ["workspace", "delete", "Team"], { ask: answer("y") })).out).toBe('Workspace "Team" deleted.\n');

  await ctl("workspace", "create", "Crew");
  await run(malamar.url, ["workspace", "delete", "Crew", "--yes"], { ask: answer("no") });
  await ctl("workspace", "create", "Gang");
  expect((await ctl("workspace", "delete", "Gang", "-o", "json")).out).toBe('{\n  "deleted": true\n}\n');
  expect(malamar.state.workspaces.size).toBe(0);
});

test("a path and a text may come from a file or from standard input", async () => {
  await ctl("workspace", "create", "A", "--file", "notes.md");
  await ctl("workspace", "create", "B", "--description", "-");
  await ctl("workspace", "create", "C", "--file", "-");
  const texts = [...malamar.state.workspaces.values()].map(({ description }) => description);
  expect(texts).toEqual(["content of /home/me/notes.md", "from stdin", "from stdin"]);
  expect((await ctl("workspace", "create", "D", "--file", "x", "--description", "y")).code).toBe(2);
});
