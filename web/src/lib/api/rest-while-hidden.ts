import type { Feed } from "./feed.svelte.ts";

const AFTER_MS = 60_000;

/** Closes the stream of a page that nobody has looked at for a minute: browsers allow six connections to one server, over all tabs. */
export function restWhileHidden(page: Document, feed: Feed, afterMs = AFTER_MS): () => void {
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
