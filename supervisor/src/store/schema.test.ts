import { expect, test } from "vitest";
import { openTestStore } from "./open-test-store.ts";

test("schema.sql is what the migrations make; after a new migration write it with `pnpm unit --update schema`", async () => {
  const { reader } = openTestStore().store;
  const made = reader
    .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name")
    .pluck()
    .all();
  const version = Number(reader.pragma("user_version", { simple: true }));
  await expect(`-- Schema ${version}\n\n${made.join(";\n\n")};\n`).toMatchFileSnapshot("../../schema.sql");
});
