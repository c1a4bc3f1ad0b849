import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const FOR_NODE = ["node.ts", "dropping-server.ts"];

test("nothing but node.ts needs Node, so that a browser can load the rest", () => {
  const files = readdirSync(import.meta.dirname).filter((name) => !name.endsWith(".test.ts") && !FOR_NODE.includes(name));
  expect(files).toContain("watch.ts");
  const needy = files.filter((name) =>
    /"(node:|@connectrpc\/connect-node|\.\/node\.ts)/.test(readFileSync(join(import.meta.dirname, name), "utf8")),
  );
  expect(needy).toEqual([]);
});
