import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";

export const skipsBrowser = (process.env["MALAMAR_E2E_SKIP"] ?? "").split(",").includes("browser");

export interface Window {
  page: Page;
  /** What the page did that it must not: violations of its policy, uncaught errors, lines of the console that complain. */
  complaints: string[];
  close(): Promise<void>;
}

/** A Chromium with a fresh profile that talks to nobody but the server. */
export async function openWindow(url: string, size = { width: 1280, height: 800 }): Promise<Window> {
  const profile = mkdtempSync(join(tmpdir(), "malamar-e2e-browser-"));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: process.env["MALAMAR_E2E_CHROMIUM"] || "/usr/bin/chromium",
    headless: true,
    viewport: size,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const complaints: string[] = [];
  const page = context.pages()[0] ?? (await context.newPage());
  // A violation that the console would only mention is caught as the event that the browser raises for it.
  await context.addInitScript({
    content:
      'addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} forbids ${event.blockedURI}`))',
  });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(new URL(url).origin) && !/^(data|blob|chrome):/.test(request.url()))
      complaints.push(`a request to ${request.url()}`);
  });
  await page.goto(url);
  return {
    page,
    complaints,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
