import type { Page } from "playwright-core";
import { afterEach, describe, expect, test } from "vitest";
import { openWindow, skipsBrowser, type Window } from "../browser.ts";
import { createTeam, reachesReview, say } from "../team.ts";
import { useMalamar } from "../use-malamar.ts";

/** What the open task says about itself, and its line in the list. */
const standing = (page: Page) => page.locator(".standing");
const row = (page: Page, key: string) => page.locator(`[data-task="${key}"]`);

describe.skipIf(skipsBrowser)("the page", () => {
  const server = useMalamar();
  let window: Window;
  afterEach(() => window.close());

  test("a person needs no mouse, sees the log of whoever works, and the page lives on one stream", async () => {
    const team = await createTeam(server, {
      Planner: ["print Reading the plan ; wait planned ; comment First this, then that.", "skip"],
      Reviewer: ["skip", "review Is this what you meant?", "skip"],
    });
    window = await openWindow(`${server.url}/workspaces/${team.workspace.id}`);
    const { page } = window;
    const calls: string[] = [];
    page.on("request", (request) => calls.push(request.url().split("/").at(-1) ?? ""));
    await page.reload();

    await page.getByText("No tasks yet.").waitFor();
    await page.keyboard.press("c");
    await page.keyboard.type("Put things in order");
    await page.keyboard.press("Enter");
    await standing(page).getByText("Planner works on it now.").waitFor();
    await page.getByRole("region", { name: "Log of Planner, live" }).getByText("Reading the plan").waitFor();
    team.open("planned");
    await standing(page).getByText("Asks you").waitFor();
    await page.getByRole("heading", { name: "Pass 2" }).waitFor();
    await page.getByLabel("Comment", { exact: true }).fill("Yes.\nGo on.");
    await page.keyboard.press("Control+Enter");
    await page.getByText("Yes.\nGo on.").waitFor();
    await standing(page).getByText("All agents are through").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.getByText("Open a task to see").waitFor();
    expect(calls.filter((call) => /^(WatchEvents|ListComments|ListAgents)$/.test(call)).toSorted()).toEqual([
      "ListAgents",
      "ListComments",
      "WatchEvents",
    ]);
    expect(window.complaints).toEqual([]);
  });

  test("a waiting task says what it waits for; cancelling the other one lets it go", async () => {
    const team = await createTeam(server, { Worker: ["wait never", "skip", "skip"] });
    const first = await team.task("The long one");
    await team.turn("Worker", 1);
    const second = await team.task("The next one");
    window = await openWindow(`${server.url}/workspaces/${team.workspace.id}/tasks/${second.key}`);
    const { page } = window;
    await standing(page).getByText(`${first.key} is in progress`).waitFor();
    await standing(page)
      .getByRole("link", { name: `Show ${first.key}` })
      .click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await row(page, first.key).getByText("Cancelled").waitFor();
    await row(page, second.key).getByText("All agents are through").waitFor();
    expect(window.complaints).toEqual([]);
  });

  test("what agents write is text, whatever it looks like", async () => {
    const evil =
      "<img src=x onerror=alert(1)> <script>alert(2)</script> [x](javascript:alert(3)) ![x](https://evil.example/p.png) **bold**\n" +
      "```\n</code></pre><svg onload=alert(4)>\n```\nhttps://example.com/fine.";
    const team = await createTeam(server, { Worker: ["skip"] });
    const { id, key } = await team.task({ summary: "<b>Summary</b>", description: evil });
    await say(server, id, evil);
    await reachesReview(server, id);
    window = await openWindow(`${server.url}/workspaces/${team.workspace.id}/tasks/${key}`);
    const { page } = window;
    let dialogs = 0;
    page.on("dialog", (dialog) => ((dialogs += 1), void dialog.dismiss()));
    await page.locator("article article").getByText("<img src=x onerror=alert(1)>").waitFor();
    expect(await page.getByRole("heading", { name: "<b>Summary</b>" }).count()).toBe(1);
    expect(await page.locator(".detail :is(img, script, iframe, svg[onload])").count()).toBe(0);
    const links = await page.locator("article article .text a").evaluateAll((all) => all.map((each) => each.getAttribute("href")));
    expect(links).toEqual(["https://evil.example/p.png", "https://example.com/fine"]);
    expect(dialogs).toBe(0);
    expect(window.complaints).toEqual([]);
  });

  test("a page that lost its server says so, keeps what was written, and is live again when the server is", async () => {
    const team = await createTeam(server, { Worker: [] });
    const { id, key } = await team.task("Before");
    await reachesReview(server, id);
    window = await openWindow(`${server.url}/workspaces/${team.workspace.id}/tasks/${key}`);
    const { page } = window;
    await standing(page).getByText("All agents are through").waitFor();
    await server.stop("SIGTERM");
    await page.getByText("Disconnected.").waitFor();
    const comment = page.getByLabel("Comment", { exact: true });
    await comment.fill("Are you back?");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("alert").getByText("Send it again when Malamar is back").waitFor();
    expect(await comment.inputValue()).toBe("Are you back?");
    await server.start();
    await page.getByText("Disconnected.").waitFor({ state: "detached" });
    await page.keyboard.press("Control+Enter");
    await page.getByRole("article", { name: "You wrote" }).getByText("Are you back?").waitFor();
  });

  test("a refused order shows why, and keeps what was written", async () => {
    const team = await createTeam(server, { Worker: ["skip"] });
    window = await openWindow(`${server.url}/workspaces/${team.workspace.id}`);
    const { page } = window;
    const field = page.getByLabel("What do you want done?");
    await field.evaluate((input) => input.removeAttribute("maxlength"));
    await field.fill("x".repeat(300));
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("255").first().waitFor();
    expect(await field.inputValue()).toHaveLength(300);
  });

  test.each([
    { width: 390, height: 844, colorScheme: "dark" as const },
    { width: 320, height: 640, colorScheme: "light" as const },
    { width: 1440, height: 900, colorScheme: "dark" as const },
  ])("nothing sticks out of $width pixels", async ({ width, height, colorScheme }) => {
    const team = await createTeam(server, { Worker: [`comment ${"A_line_without_a_place_to_break_".repeat(8)}`, "skip"] });
    const task = await team.task({ summary: "A summary with Averylongwordthatnobodywouldeverwritebutsomebodydoes ".repeat(3).trim() });
    await reachesReview(server, task.id);
    window = await openWindow(`${server.url}/workspaces/${team.workspace.id}`, { width, height });
    const { page } = window;
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const tooWide = () =>
      page
        .locator("body *")
        .evaluateAll(
          (all, edge) =>
            all
              .filter((each) => each.getBoundingClientRect().right > edge && !each.closest("pre, .visually-hidden"))
              .map((each) => `${each.tagName} ${each.className}`),
          width + 1,
        );
    await row(page, task.key).waitFor();
    expect(await tooWide()).toEqual([]);
    await row(page, task.key).click();
    await page.getByText("A_line_without").first().waitFor();
    expect(await tooWide()).toEqual([]);
  });
});
