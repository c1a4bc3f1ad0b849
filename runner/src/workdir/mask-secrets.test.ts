import { expect, test } from "vitest";
import { maskSecrets, secretValues } from "./mask-secrets.ts";

test("secrets on a command line are masked, the rest stays readable", () => {
  const args = [
    "tool",
    "--api-key",
    "abc",
    "--token=xyz",
    "API_TOKEN=1",
    "-m",
    "big",
    "sk-ant-0123456789abcdef",
    "--keyboard",
    "--verbose",
  ];
  expect(maskSecrets(args)).toEqual([
    "tool",
    "--api-key",
    "***",
    "--token=***",
    "API_TOKEN=***",
    "-m",
    "big",
    "sk-***",
    "--keyboard",
    "--verbose",
  ]);
});

test("the value of a secret variable is masked wherever it stands", () => {
  const secrets = secretValues({ MY_API_KEY: "hunter2hunter2", HOME: "/home/somebody" });
  expect(maskSecrets(["curl", "Bearer:hunter2hunter2", "/home/somebody"], secrets)).toEqual(["curl", "Bearer:***", "/home/somebody"]);
});
