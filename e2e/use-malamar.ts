import { afterAll, afterEach, beforeAll, onTestFailed, beforeEach } from "vitest";
import { expectNothingLeft } from "./processes.ts";
import { type Server, type ServerOptions, startMalamar } from "./start-malamar.ts";

/** One server for the tests of a file. After every test no process of an execution may be left, at the end no runner either. */
export function useMalamar(options: ServerOptions = {}): Server {
  const server = {} as Server;
  beforeAll(async () => {
    Object.assign(server, await startMalamar(options));
  });
  beforeEach(() => {
    const since = server.printed().length;
    onTestFailed(() => console.error(`The supervisor's words in this test:\n${server.printed().slice(since).slice(-1500)}`));
  });
  afterEach(() => expectNothingLeft(server.dataDir, "executions"));
  afterAll(() => server.end());
  return server;
}
