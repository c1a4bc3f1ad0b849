import { execFile } from "node:child_process";
import { globSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { PYTHON, ROOT } from "../start-malamar.ts";
import { createTeam } from "../team.ts";
import { useMalamar } from "../use-malamar.ts";

const skipped = (process.env["MALAMAR_E2E_SKIP"] ?? "").split(",").includes("python");
const python = process.env["MALAMAR_E2E_PYTHON"] || PYTHON;
const run = promisify(execFile);

describe.skipIf(skipped)("a client in another language", () => {
  const server = useMalamar();

  test("python3-grpcio with generated stubs goes the whole way over plaintext HTTP/2", async () => {
    const stubs = join(server.folder, "stubs");
    mkdirSync(stubs);
    const proto = join(ROOT, "proto");
    const files = globSync("malamar/v1/*.proto", { cwd: proto });
    // One file with the whole contract, since Debian keeps Google's own .proto files in another package.
    const contract = join(server.folder, "contract.binpb");
    await run(join(ROOT, "node_modules/.bin/buf"), ["build", proto, "--as-file-descriptor-set", "-o", contract]);
    const plugin = "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin";
    await run("protoc", [`--descriptor_set_in=${contract}`, plugin, `--python_out=${stubs}`, `--grpc_python_out=${stubs}`, ...files]);
    // The scenario is a team's; the client makes its own workspace with it.
    const team = await createTeam(server, {
      Planner: [],
      Worker: ["comment Hello.", "skip", "write loud.txt HELLO ; comment HELLO.", "skip"],
    });
    const { instruction } = team.agent("Worker");
    const args = [join(import.meta.dirname, "../python/journey.py"), `127.0.0.1:${server.port}`, instruction];
    const { stdout } = await run(python, args, { env: { ...server.env, PYTHONPATH: stubs, no_proxy: "*" }, timeout: 50_000 });
    expect(stdout.trim().split("\n")).toEqual([
      "workspace and agents",
      "idempotent create",
      "events as they happen",
      "comment and second run",
      "pages and a log",
      "typed errors",
      "cancelled stream",
      "deadline",
      "done and deleted",
    ]);
  });
});
