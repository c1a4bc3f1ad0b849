import { expect, test } from "vitest";
import { parse } from "yaml";
import { ctl, runCtl } from "../programs.ts";
import { createTeam, reachesReview } from "../team.ts";
import { useMalamar } from "../use-malamar.ts";
import { watch } from "../watching.ts";

const server = useMalamar();
const said = (line: string) => ["--", line];

test("a person sets up a team, hands out a task, waits, reads, answers and closes it, with malamarctl alone", async () => {
  const folder = await createTeam(server, { Worker: ["comment First try.", "skip", "comment Second try.", "skip"] });
  // The scenario comes from the team; everything else from the terminal.
  const instruction = folder.agent("Worker").instruction;
  await expect(ctl(server, "workspace", "create", "Terminal", "--prefix", "TTY")).resolves.toMatchObject({ code: 0 });
  await expect(
    ctl(server, "agent", "create", "Worker", "-w", "TTY", "--cli", "shell", "--instruction", instruction),
  ).resolves.toMatchObject({ code: 0 });

  const created = await ctl(server, "task", "create", "Say hello", "-w", "Terminal", "--wait", "--timeout", "30s", "-o", "json");
  expect(created.code, created.err).toBe(0);
  expect(JSON.parse(created.out)).toMatchObject({ key: "TTY-1" });
  expect(created.err).not.toBe("");

  expect((await ctl(server, "comment", "list", "TTY-1")).out).toContain("First try.");
  expect((await ctl(server, "task", "get", "TTY-1", "-o", "yaml")).out).toContain("TTY-1");
  expect(parse((await ctl(server, "task", "get", "TTY-1", "-o", "yaml")).out)).toMatchObject({ summary: "Say hello" });
  expect((await ctl(server, "comment", "add", "TTY-1", ...said("- louder"))).code).toBe(0);
  expect((await ctl(server, "task", "wait", "TTY-1", "--timeout", "30s")).code).toBe(0);
  expect((await ctl(server, "comment", "list", "TTY-1", "-o", "json")).out).toContain("- louder");
  expect((await ctl(server, "task", "explain", "TTY-1")).out).toContain("waits for you");
  expect((await ctl(server, "activity", "list", "TTY-1")).out).toMatch(/run/i);
  expect((await ctl(server, "execution", "list", "--task", "TTY-1")).out).toContain("Worker");
  expect((await ctl(server, "task", "move", "TTY-1", "done")).code).toBe(0);
  expect((await ctl(server, "task", "list", "-w", "TTY", "-o", "name")).out.trim()).toBe("TTY-1");
  expect((await ctl(server, "status")).out).toContain("Terminal");
});

test("logs -f follows a task to its end, and a late reader sees the same lines", async () => {
  const team = await createTeam(server, { Worker: ["print one ; wait go ; print two ; skip"] });
  const { id, key } = await team.task();
  await team.turn("Worker", 1);
  const follower = runCtl(server, ["logs", "-f", "--raw", key]);
  await follower.says(/one/);
  team.open("go");
  expect(await follower.ended).toMatchObject({ code: 0, out: "one\ntwo\n" });
  await reachesReview(server, id);
  expect(await ctl(server, "logs", "--raw", key)).toMatchObject({ code: 0, out: "one\ntwo\n" });
});

test("events -f tells changes as they happen, from a cursor, and ends with Ctrl-C", async () => {
  const before = await watch(server);
  before.stop();
  const team = await createTeam(server, { Worker: [] });
  const watcher = runCtl(server, ["events", "-f", "-o", "json", "--after", before.cursor()]);
  await watcher.says(new RegExp(team.workspace.id));
  const { id } = await team.task("Told as it happens");
  await watcher.says(new RegExp(id));
  watcher.signal("SIGINT");
  expect(await watcher.ended).toMatchObject({ code: 130 });
  await reachesReview(server, id);
});

test("exit codes tell a script what happened", async () => {
  const team = await createTeam(server, { Worker: Array.from({ length: 9 }, () => "crash 1") }, { breakerLimit: 1 });
  const prefix = team.workspace.prefix;
  const code = async (...args: string[]) => (await ctl(server, ...args)).code;
  expect(await code("task", "get", "NO-1")).toBe(3);
  expect(await code("task", "create")).toBe(2);
  expect(await code("no-such-command")).toBe(2);
  expect(await code("task", "create", "Fails", "-w", prefix, "--wait")).toBe(7);
  expect(await code("task", "cancel", `${prefix}-1`)).toBe(4);
  expect(await code("task", "create", "Held", "-w", prefix, "--hold", "draft", "--wait", "--timeout", "1s")).toBe(6);
  expect(await code("version")).toBe(0);
});

test("with the server down it says so in useful words, with its own exit code", async () => {
  const down = { ...server, url: "http://127.0.0.1:1" };
  const ran = await ctl(down, "task", "list");
  expect(ran.code).toBe(5);
  expect(ran.err).toMatch(/no answer/);
  expect(ran.err).toMatch(/malamar start/);
  expect(ran.out).toBe("");
});

test("a description comes from standard input", async () => {
  const team = await createTeam(server, {});
  const ran = await runCtl(
    server,
    ["task", "create", "From a pipe", "-w", team.workspace.prefix, "--description", "-", "-o", "json"],
    "piped\ntext\n",
  ).ended;
  expect(ran.code, ran.err).toBe(0);
  expect(JSON.parse(ran.out)).toMatchObject({ description: expect.stringContaining("piped\ntext") });
});
