import type { Feed } from "./feed.svelte.ts";

const AFTER_MS = 60_000;

type Page = Pick<Document, "hidden" | "addEventListener" | "removeEventListener">;

/** Closes the stream of a page that nobody has looked at for a minute: browsers allow six connections to one server, over all tabs. */
export function restWhileHidden(page: Page, feed: Pick<Feed, "open" | "close">, afterMs = AFTER_MS): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let resting = false;
  const turn = () => {
    clearTimeout(timer);
    if (page.hidden) {
      timer = setTimeout(() => {
        resting = true;
        feed.close();
      }, afterMs);
    } else if (resting) {
      resting = false;
      feed.open();
    }
  };
  page.addEventListener("visibilitychange", turn);
  return () => {
    clearTimeout(timer);
    page.removeEventListener("visibilitychange", turn);
  };
}
