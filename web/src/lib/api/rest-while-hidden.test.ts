import { expect, test, vi } from "vitest";
import { restWhileHidden } from "./rest-while-hidden.ts";

function page() {
  const document = Object.assign(new EventTarget(), { hidden: false });
  const done: string[] = [];
  const feed = { open: () => done.push("open"), close: () => done.push("close") };
  const leave = restWhileHidden(document, feed, 20);
  const turn = (hidden: boolean) => {
    document.hidden = hidden;
    document.dispatchEvent(new Event("visibilitychange"));
  };
  return { done, leave, turn };
}

test("a page that nobody looks at for a while gives its connection back and takes it up when it is seen", async () => {
  const { done, leave, turn } = page();
  turn(true);
  await vi.waitFor(() => expect(done).toEqual(["close"]));
  turn(false);
  expect(done).toEqual(["close", "open"]);
  leave();
});

test("a short look elsewhere changes nothing", async () => {
  const { done, leave, turn } = page();
  turn(true);
  turn(false);
  await new Promise((resolve) => setTimeout(resolve, 60));
  leave();
  expect(done).toEqual([]);
});
