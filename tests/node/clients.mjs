// The real socket.io client against a server on 127.0.0.1:<port>. One scenario a run; prints what happened as JSON.
// node clients.mjs <port> <scenario>
import { io } from "socket.io-client";

const [port, scenario] = process.argv.slice(2);
const url = `http://127.0.0.1:${port}`;
const base = { path: "/v4/interact/socket", timeout: 5000, reconnection: false, forceNew: true };

const once = (emitter, event) => new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));

async function connect(options) {
  const socket = io(url, { ...base, ...options });
  socket.seen = [];
  socket.onAny((...args) => socket.seen.push(args));
  const failed = once(socket, "connect_error").then(([error]) => Promise.reject(error));
  failed.catch(() => {});
  await Promise.race([once(socket, "connect"), failed]);
  return socket;
}

async function talk(socket) {
  const back = once(socket, "hi-back");
  socket.emit("hi", 1, { two: [true, null, "drei ✓"] });
  const answer = await socket.timeout(5000).emitWithAck("add", 1, 2);
  socket.on("question", (word, ack) => ack(word + "!"));
  const answered = once(socket, "answered");
  socket.emit("ask-me", "really");
  const bytes = once(socket, "bytes-back");
  socket.emit("bytes", { data: Uint8Array.from([1, 2, 3]) });
  return {
    transport: socket.io.engine.transport.name,
    back: await back,
    answer,
    answered: await answered,
    bytes: [...(await bytes)[0].data],
    auth: socket.seen.find(([event]) => event === "auth")[1],
  };
}

const scenarios = {
  websocket: async () => talk(await connect({ transports: ["websocket"], auth: { token: "123" } })),
  polling: async () => talk(await connect({ transports: ["polling"], auth: { token: "123" } })),
  async upgrade() {
    const socket = await connect({ auth: { token: "123" } });
    if (socket.io.engine.transport.name === "polling") await once(socket.io.engine, "upgrade");
    return talk(socket);
  },
  documented: async () =>
    talk(
      await connect({
        transports: ["websocket", "polling", "webtransport"],
        reconnection: true,
        tryAllTransports: true,
        reconnectionDelay: 1000,
        reconnectionAttempts: 5,
        reconnectionDelayMax: 5000,
        auth: { token: "123" },
      }),
    ),
  async "webtransport first"() {
    // As in a browser that can not reach the server over QUIC: the client has to fall through to the next one.
    globalThis.WebTransport = class {
      closed = Promise.reject(new Error("no QUIC here"));
      ready = new Promise(() => {});
    };
    return talk(
      await connect({
        transports: ["webtransport", "polling", "websocket"],
        tryAllTransports: true,
        upgrade: false,
        auth: { token: "123" },
      }),
    );
  },
  async "thrown out"() {
    const socket = await connect({ transports: ["websocket"], reconnection: true, reconnectionDelay: 10 });
    const gone = once(socket, "disconnect");
    socket.emit("throw-me-out");
    const [reason] = await gone;
    return { reason, active: socket.active };
  },
  async "thrown out while polling"() {
    const socket = await connect({ transports: ["polling"] });
    const gone = once(socket, "disconnect");
    socket.emit("throw-me-out");
    return { reason: (await gone)[0] };
  },
  async "dropped and back"() {
    const socket = await connect({ transports: ["websocket"], reconnection: true, reconnectionDelay: 10 });
    const first = socket.id;
    const gone = once(socket, "disconnect");
    const back = once(socket, "connect");
    socket.emit("drop-me");
    const [reason, details] = await gone;
    await back;
    return { reason, code: details?.context?.code ?? details?.description, isNew: socket.id !== first };
  },
  async refused() {
    const socket = io(`${url}/random`, { ...base, transports: ["websocket"] });
    return { message: (await once(socket, "connect_error"))[0].message };
  },
  async heartbeat() {
    const socket = await connect({ transports: ["websocket"] });
    for (let beat = 0; beat < 5; beat++) await once(socket.io.engine, "heartbeat");
    return { connected: socket.connected };
  },
  async "two at once"() {
    const sockets = await Promise.all([connect({ transports: ["websocket"] }), connect({ transports: ["polling"] })]);
    const backs = sockets.map((socket) => once(socket, "hi-back"));
    sockets.forEach((socket, number) => socket.emit("hi", number));
    return { backs: await Promise.all(backs) };
  },
};

const result = await scenarios[scenario]();
process.stdout.write(JSON.stringify(result) + "\n", () => process.exit(0));
