import { TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { usePages, WITHOUT_BROWSER } from "../open-page.ts";
import { becomes, createTeam, reachesReview, say } from "../team.ts";
import { useMalamar } from "../use-malamar.ts";

/** What the open task says about itself, and where it stands in the list. */
const standing = (page: Page) => page.locator(".standing");
const row = (page: Page, key: string) => page.locator(`[data-task="${key}"]`);

describe.skipIf(WITHOUT_BROWSER)("the page", () => {
  const server = useMalamar();
  const open = usePages();

  test("a task goes from being written down to done, and the page shows it without being loaded again", async () => {
    const team = await createTeam(server, {
      Planner: ["print Reading the plan ; wait planned ; comment First this, then that.", "skip"],
      Reviewer: ["wait looked ; skip", "review Is this what you meant?", "skip"],
    });
    const { page, calls, picture } = await open(`${server.url}/workspaces/${team.workspace.id}`);

    await page.getByText("No tasks yet.").waitFor();
    await page.keyboard.press("c");
    await page.keyboard.type("Put things in order");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Put things in order" }).waitFor();

    await standing(page).getByText("Planner works on it now.").waitFor();
    await page.getByRole("region", { name: "Log of Planner, live" }).getByText("Reading the plan").waitFor();
    await picture("web-planner-works");
    team.open("planned");
    await page.getByText("First this, then that.").waitFor();
    await standing(page).getByText("Reviewer works on it now.").waitFor();
    team.open("looked");
    await standing(page).getByText("Asks you").waitFor();
    await page.getByRole("heading", { name: "Pass 2" }).waitFor();
    await page.locator(".detail").getByText("Is this what you meant?").first().waitFor();
    await picture("web-asks-you");

    await page.getByLabel("Comment", { exact: true }).fill("Yes.\nGo on.");
    await page.keyboard.press("Control+Enter");
    await page.getByText("Yes.\nGo on.").waitFor();
    await standing(page).getByText("All agents are through").waitFor();
    await page.getByRole("button", { name: "Done" }).click();
    await standing(page).getByText("It is done.").waitFor();
    expect(calls.filter((call) => call === "WatchEvents")).toHaveLength(1);
    expect(calls.filter((call) => call === "ListComments")).toHaveLength(1);
  });

  test("a waiting task says what it waits for; cancelling the other one lets it go", async () => {
    const team = await createTeam(server, { Worker: ["wait never", "skip", "skip"] });
    const first = await team.task("The long one");
    await team.turn("Worker", 1);
    const second = await team.task("The next one");
    const { page } = await open(`${server.url}/workspaces/${team.workspace.id}/tasks/${second.key}`);
    await standing(page).getByText(`${first.key} is in progress`).waitFor();
    await standing(page)
      .getByRole("link", { name: `Show ${first.key}` })
      .click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await row(page, first.key).getByText("Cancelled").waitFor();
    await row(page, second.key).getByText("All agents are through").waitFor();
  });

  test("what agents write is text, whatever it looks like", async () => {
    const evil =
      "<img src=x onerror=alert(1)> <script>alert(2)</script> [x](javascript:alert(3)) ![x](https://evil.example/p.png) **bold**\n" +
      "```\n</code></pre><svg onload=alert(4)>\n```\nhttps://example.com/fine.";
    const team = await createTeam(server, { Worker: ["skip"] });
    const { id, key } = await team.task({ summary: "<b>Summary</b>", description: evil });
    await say(server, id, evil);
    await reachesReview(server, id);
    const { page } = await open(`${server.url}/workspaces/${team.workspace.id}/tasks/${key}`);
    await page.locator("article article").getByText("<img src=x onerror=alert(1)>").waitFor();
    expect(await page.getByRole("heading", { name: "<b>Summary</b>" }).count()).toBe(1);
    expect(await page.locator(".detail :is(img, script, iframe, svg[onload])").count()).toBe(0);
    const links = await page.locator("article article .text a").evaluateAll((all) => all.map((each) => each.getAttribute("href")));
    expect(links).toEqual(["https://evil.example/p.png", "https://example.com/fine"]);
  });

  test("a page that lost its server says so, and goes on by itself when it is back", async () => {
    const team = await createTeam(server, { Worker: ["skip", "skip"] });
    await reachesReview(server, (await team.task("Before")).id);
    const { page, calls, picture } = await open(`${server.url}/workspaces/${team.workspace.id}`, {
      forgive: /ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|CONNECTION_RESET|EMPTY_RESPONSE)/,
    });
    await page.getByText("All agents are through").waitFor();
    await server.stop("SIGTERM");
    await page.getByText("Disconnected.").waitFor();
    await picture("web-disconnected");
    await server.start();
    const after = await team.task("After the restart");
    await page.getByText("Disconnected.").waitFor({ state: "detached" });
    await row(page, after.key).getByText("All agents are through").waitFor();
    expect(calls.filter((call) => call === "ListTasks").length).toBeLessThanOrEqual(2);
  });

  test("a refused order shows why and what to do, and keeps what was written", async () => {
    const team = await createTeam(server, { Worker: ["skip"] });
    const { page } = await open(`${server.url}/workspaces/${team.workspace.id}`, { forgive: /status of 400/ });
    const field = page.getByLabel("What do you want done?");
    await field.evaluate((input) => input.removeAttribute("maxlength"));
    await field.fill("x".repeat(300));
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("255").first().waitFor();
    expect(await field.inputValue()).toHaveLength(300);
  });

  test.each([
    { name: "phone", width: 390, height: 844, colorScheme: "dark" as const },
    { name: "small phone", width: 320, height: 640, colorScheme: "light" as const },
    { name: "desk", width: 1440, height: 900, colorScheme: "dark" as const },
  ])("it fits a $name of $width pixels", async ({ name, width, height, colorScheme }) => {
    const team = await createTeam(server, { Worker: [`comment ${"A_line_without_a_place_to_break_".repeat(8)}`, "skip"] });
    const task = await team.task({ summary: "A summary with Averylongwordthatnobodywouldeverwritebutsomebodydoes ".repeat(3).trim() });
    await becomes(server, task.id, "in review", ({ status }) => status === TaskStatus.IN_REVIEW);
    const here = `${server.url}/workspaces/${team.workspace.id}`;
    const { page, picture } = await open(here, { viewport: { width, height }, colorScheme });
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
    await picture(`web-${name.replace(" ", "-")}-list`);
    await row(page, task.key).click();
    await page.getByText("A_line_without").first().waitFor();
    expect(await tooWide()).toEqual([]);
    await picture(`web-${name.replace(" ", "-")}-task`);
  });
});
