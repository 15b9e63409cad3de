/** Knocks, from outside, at a port that a job must not be able to offer to the host. */
import { connect, createServer, type Socket } from "node:net";
import type { PlantedCanaries } from "./canary.ts";
import type { Hit } from "./hit.ts";

const intervalMs = 50;

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** Starts to knock. */
export async function plantKnocker(): Promise<PlantedCanaries> {
  const port = await findFreePort();
  let hits: Hit[] = [];
  const sockets = new Set<Socket>();
  const knock = (): void => {
    const socket = connect({ host: "127.0.0.1", port });
    sockets.add(socket);
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    // Nobody answers: that is what is wanted.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      sockets.delete(socket);
      if (text !== "") hits.push({ canary: "listen-port", text });
    });
  };
  const timer = setInterval(knock, intervalMs);
  return {
    keys: { "listen-port": String(port) },
    tokens: [],
    absent: {},
    look: () => {
      const seen = hits;
      hits = [];
      return Promise.resolve(seen);
    },
    remove: () => {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      return Promise.resolve();
    },
  };
}
