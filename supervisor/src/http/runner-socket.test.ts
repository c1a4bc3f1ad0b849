import { existsSync, lstatSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openRunnerSocket } from "./runner-socket.ts";
import { openTestRunnerSocket } from "./test-runner-socket.ts";

let open: Awaited<ReturnType<typeof openTestRunnerSocket>> | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

const HELLO = (id: string) => ({ runnerId: id, boot: 1n, token: `secret of ${id}`, protocolVersion: 1, pid: 1, pidStartTicks: 1n });

test("only the user who runs the supervisor can reach the socket", async () => {
  open = await openTestRunnerSocket();
  expect(statSync(join(open.folder, "run")).mode & 0o777).toBe(0o700);
  expect(lstatSync(open.path).mode & 0o777).toBe(0o600);
});

test("the socket file of a supervisor that was killed is replaced", async () => {
  open = await openTestRunnerSocket();
  const left = join(open.folder, "run", "left.sock");
  const dead = createServer().listen(left);
  await new Promise((resolve) => dead.once("listening", resolve));
  // A killed process leaves its file behind; closing the server would remove it.
  dead.unref();
  const log = { debug: () => {}, error: () => {} };
  const inode = lstatSync(left).ino;
  const socket = await openRunnerSocket({ path: left, routes: () => {}, interceptors: [], log });
  expect(lstatSync(left).ino).not.toBe(inode);
  await socket.close();
  dead.close();
});

test("a file that is no socket is left alone and named", async () => {
  open = await openTestRunnerSocket();
  const path = join(open.folder, "run", "notes.txt");
  mkdirSync(join(open.folder, "run"), { recursive: true });
  writeFileSync(path, "mine");
  const log = { debug: () => {}, error: () => {} };
  await expect(openRunnerSocket({ path, routes: () => {}, interceptors: [], log })).rejects.toThrow("is not a socket");
});

test("nothing but the runner service is served on it", async () => {
  open = await openTestRunnerSocket();
  const { path } = open;
  const session = connectHttp2("http://runner", { createConnection: () => connect(path) });
  const stream = session.request({ ":path": "/malamar.v1.TaskService/GetTask", ":method": "POST" });
  const status = await new Promise((resolve) => stream.once("response", (headers) => resolve(headers[":status"])));
  session.destroy();
  expect(status).toBe(404);
});

test("closing ends open streams with a reason to come back, and leaves nothing open", async () => {
  open = await openTestRunnerSocket();
  open.register("r1");
  const control = open.runner.control();
  control.say({ case: "hello", value: HELLO("r1") });
  expect((await control.hear())?.case).toBe("welcome");
  const heard = control.hear().then(
    (message) => message?.case ?? "end",
    () => "error",
  );
  await open.socket.close();
  expect(["end", "error"]).toContain(await heard);
  expect(open.registry.attached()).toEqual([]);
  expect(existsSync(join(open.folder, "run"))).toBe(false);
  await expect(new Promise((_, reject) => connect(open!.path).once("error", reject))).rejects.toThrow(/ENOENT|ECONNREFUSED/);
});

test("a connection that does not answer pings is cut and its runner is away", async () => {
  open = await openTestRunnerSocket({ pingInterval: 30, pingTimeout: 60 });
  open.register("r1");
  const { path } = open;
  // Between the two, so that it can stand still.
  let standStill = () => {};
  const between = createServer((near) => {
    const far = connect(path);
    near.on("error", () => {}).pipe(far);
    far.on("error", () => {}).pipe(near);
    standStill = () => void near.unpipe(far);
  }).listen(join(open.folder, "between.sock"));
  await new Promise((resolve) => between.once("listening", resolve));
  const session = connectHttp2("http://runner", { createConnection: () => connect(join(open!.folder, "between.sock")) });
  session.on("error", () => {});
  const stream = session.request({
    ":path": "/malamar.runner.v1.RunnerService/Control",
    ":method": "POST",
    "content-type": "application/connect+json",
  });
  stream.on("error", () => {});
  const message = Buffer.from(
    JSON.stringify({ hello: { runnerId: "r1", boot: 1, token: "secret of r1", protocolVersion: 1, pid: 1, pidStartTicks: 1 } }),
  );
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.write(Buffer.concat([head, message]));
  await new Promise((resolve) => stream.once("data", resolve));
  expect(open.registry.attached()).toHaveLength(1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(open.registry.attached()).toHaveLength(1);
  standStill();
  await expect.poll(() => open!.registry.attached(), { timeout: 3_000 }).toEqual([]);
  session.destroy();
  between.close();
});
