import { createServer } from "node:http";
import type { Socket } from "node:net";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";

/** A real HTTP server for the tests of this package, whose connections can be cut. */
export async function startDroppingServer(routes: (router: ConnectRouter) => void) {
  const sockets = new Set<Socket>();
  const server = createServer(connectNodeAdapter({ routes }));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the test server has no port");
  const { port } = address;
  const drop = () => sockets.forEach((socket) => socket.destroy());
  return {
    url: `http://127.0.0.1:${port}`,
    drop,
    /** Refuses connections from here on. */
    stop: async () => {
      drop();
      await new Promise((resolve) => server.close(resolve));
    },
    restart: () => listen(port),
  };
}
