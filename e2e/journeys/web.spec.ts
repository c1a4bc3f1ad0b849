import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { openWindow, skipsBrowser, type Window } from "../browser.ts";
import { comments, createTeam, reachesReview, read } from "../team.ts";
import { useMalamar } from "../use-malamar.ts";
import { TaskAttention, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";

const PICTURES = join(import.meta.dirname, "../.out");

describe.skipIf(skipsBrowser)("in a real browser", () => {
  const server = useMalamar();
  let window: Window;
  afterEach(() => window.close());

  test("a person hands out a task, watches it reach review live, comments, cancels and closes it", async () => {
    const team = await createTeam(
      server,
      {
        Planner: ["comment A plan: write it, then read it.", "skip", "skip", "skip"],
        Implementer: ["write hello.txt Hello ; print Writing hello.txt ; comment Written, see hello.txt.", "skip", "sleep 60", "skip"],
        Reviewer: [],
      },
      { title: "Greetings" },
    );
    window = await openWindow(server.url);
    const { page } = window;
    await page.getByRole("link", { name: /Greetings/ }).click();
    const summary = page.getByRole("textbox", { name: "What do you want done?" });
    await summary.fill("Say hello to the world");
    await summary.press("Enter");

    // Everything from here on has to appear by itself.
    await page.getByRole("heading", { level: 1, name: "Say hello to the world" }).waitFor();
    await page.getByText("A plan: write it, then read it.").waitFor();
    await page.getByText("Written, see hello.txt.").waitFor();
    await page.getByText("All agents are through").first().waitFor();
    await page.getByRole("status").filter({ hasText: "waits for you" }).waitFor();
    await picture(window, "review");

    const [task] = (await server.api.tasks.listTasks({ workspaceId: team.workspace.id })).tasks;
    const id = task?.id ?? "";
    await page.getByRole("textbox", { name: "Comment" }).fill("Louder, please.");
    await page.getByRole("button", { name: "Comment" }).click();
    await page.getByText("Louder, please.").waitFor();
    await team.turn("Implementer", 3);
    await page.getByRole("status").filter({ hasText: "Implementer works on it now" }).waitFor();
    await picture(window, "working");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Task cancelled by user.").waitFor();
    await page.getByText("Cancelled", { exact: true }).first().waitFor();
    expect(await reachesReview(server, id)).toMatchObject({ attention: TaskAttention.CANCELLED });
    expect(await comments(server, id)).toContain("User: Louder, please.");

    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("status").filter({ hasText: "It is done" }).waitFor();
    expect(await read(server, id)).toMatchObject({ status: TaskStatus.DONE });
    await picture(window, "done");
    expect(window.complaints).toEqual([]);
    // What the page must not do would have been heard.
    await page.evaluate("void (new Image().src = 'http://127.0.0.1:1/picture')");
    await eventually("the browser tells of a violation", () => window.complaints.some((line) => line.startsWith("policy: img-src")), {
      instead: () => window.complaints,
    });
  });

  test("a deep link opens the task, on a small screen too, and what happens elsewhere appears", async () => {
    const team = await createTeam(server, { Worker: ["comment Seen from elsewhere."] }, { title: "Elsewhere" });
    const { id, key } = await team.task("Made by a script");
    await reachesReview(server, id);
    window = await openWindow(`${server.url}/workspaces/${team.workspace.id}/tasks/${key}`, { width: 390, height: 780 });
    const { page } = window;
    await page.getByRole("heading", { level: 1, name: "Made by a script" }).waitFor();
    await page.getByText("Seen from elsewhere.").waitFor();
    await server.api.tasks.createComment({ taskId: id, content: "Typed in a terminal." });
    await page.getByText("Typed in a terminal.").waitFor();
    await reachesReview(server, id);
    await picture(window, "phone");
    expect(window.complaints).toEqual([]);
  });

  test("the page goes on by itself when the server was away", async () => {
    const team = await createTeam(server, { Worker: [] }, { title: "Outage" });
    const { id } = await team.task("Before the outage");
    await reachesReview(server, id);
    window = await openWindow(`${server.url}/workspaces/${team.workspace.id}`);
    const { page } = window;
    await page.getByText("Before the outage").first().waitFor();
    await server.stop("SIGTERM");
    await server.start();
    const after = await team.task("After the outage");
    await page.getByText("After the outage").first().waitFor({ timeout: 30_000 });
    await reachesReview(server, after.id);
  });
});

async function picture({ page }: Window, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}
