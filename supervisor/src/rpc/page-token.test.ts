import { array, assert, integer, oneof, property, string } from "fast-check";
import { expect, test } from "vitest";
import { cutPage, readPageSize, readPageToken, writePageToken } from "./page-token.ts";

test("a place comes back as it was written", () => {
  assert(
    property(string(), integer(), string({ unit: "grapheme" }), (list, number, id) => {
      const place = readPageToken(list, writePageToken(list, number, id), ["number", "string"]);
      return place?.[0] === number && place[1] === id;
    }),
  );
});

test("no text makes a token by chance, and none throws anything but a refusal", () => {
  assert(
    property(
      oneof(
        string(),
        array(integer()).map((numbers) => Buffer.from(JSON.stringify(numbers)).toString("base64url")),
      ),
      (token) => {
        if (token === "") return;
        expect(() => readPageToken("tasks", token, ["number"])).toThrow(expect.objectContaining({ reason: "invalid_fields" }));
      },
    ),
  );
});

test("a token of another list or of another shape is refused", () => {
  const token = writePageToken("tasks of a", 5);
  expect(readPageToken("tasks of a", token, ["number"])).toEqual([5]);
  expect(readPageToken("tasks of a", "", ["number"])).toBeUndefined();
  for (const [list, kinds] of [
    ["tasks of b", ["number"]],
    ["tasks of a", ["string"]],
    ["tasks of a", ["number", "string"]],
  ] as const) {
    expect(() => readPageToken(list, token, kinds)).toThrow("pageToken: is not from this list");
  }
});

test("a page has a next one only when a row more was found", () => {
  const token = (last: number) => `after ${last}`;
  expect(cutPage([1, 2, 3], 2, token)).toEqual({ page: [1, 2], nextPageToken: "after 2" });
  expect(cutPage([1, 2], 2, token)).toEqual({ page: [1, 2], nextPageToken: "" });
  expect(cutPage([], 2, token)).toEqual({ page: [], nextPageToken: "" });
});

test("the size of a page has a default and a limit", () => {
  expect([readPageSize(0), readPageSize(0, 200), readPageSize(1), readPageSize(200)]).toEqual([50, 200, 1, 200]);
  expect(() => readPageSize(201)).toThrow("pageSize: must be at most 200");
});
