import { join } from "node:path";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, expect } from "vitest";

/** Look at them after a run; they are made anew each time. */
const PICTURES = join(import.meta.dirname, ".out/pictures");
const PROGRAM = process.env["MALAMAR_E2E_CHROMIUM"] ?? "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"];

export const WITHOUT_BROWSER = (process.env["MALAMAR_E2E_SKIP"] ?? "").includes("browser");

export interface OpenPage {
  page: Page;
  /** Calls of the API by name, in order. */
  calls: string[];
  picture(name: string): Promise<void>;
}

export interface PageSettings extends BrowserContextOptions {
  /** What the page may complain about: a server that is stopped on purpose, an order that is refused on purpose. */
  forgive?: RegExp;
}

/** Pages in one real Chromium. After every test each page must have run without an error and without a breach of its policy. */
export function usePages(): (url: string, settings?: PageSettings) => Promise<OpenPage> {
  let browser: Promise<Awaited<ReturnType<typeof chromium.launch>>> | undefined;
  const checks: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const check of checks.splice(0)) await check();
  });
  afterAll(async () => (await browser)?.close());

  return async (url, { forgive, ...settings } = {}) => {
    browser ??= chromium.launch({ executablePath: PROGRAM, args: FLAGS });
    const context = await (await browser).newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", ...settings });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const complaints: string[] = [];
    const calls: string[] = [];
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => {
      complaints.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      const name = /\/malamar\.v1\.\w+\/(\w+)$/.exec(request.url())?.[1];
      if (name !== undefined) calls.push(name);
      else if (!request.url().startsWith(new URL(url).origin)) complaints.push(`a request to ${request.url()}`);
    });
    checks.push(async () => {
      await context.close();
      expect(complaints.filter((complaint) => forgive?.test(complaint) !== true)).toEqual([]);
    });
    await page.goto(url);
    return { page, calls, picture: async (name) => void (await page.screenshot({ path: join(PICTURES, `${name}.png`) })) };
  };
}
