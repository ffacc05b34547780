// Both dialects with the real socket.io client, over each transport and across forced disconnects.
// node dialects.mjs <url> <projectID> <scenario>; prints what happened as JSON.
import { io } from "socket.io-client";

const [url, projectID, scenario] = process.argv.slice(2);
const TRANSPORTS = {
  websocket: { transports: ["websocket"] },
  polling: { transports: ["polling"] },
  upgrade: { transports: ["polling", "websocket"] },
};
const text = (payload) => ({ type: "text", payload });

function connect(transport) {
  const socket = io(url, {
    path: "/v4/interact/socket",
    forceNew: true,
    reconnectionDelay: 20,
    reconnectionDelayMax: 50,
    withCredentials: true,
    ...TRANSPORTS[transport],
  });
  socket.said = [];
  socket.heard = [];
  socket.onAny((...args) => socket.heard.push(args));
  return socket;
}

const next = (socket, event, wanted = () => true) =>
  new Promise((resolve) => {
    const listener = (payload) => {
      if (wanted(payload)) {
        socket.off(event, listener);
        resolve(payload);
      }
    };
    socket.on(event, listener);
  });

const documented = {
  async start(socket, userID) {
    let place = {};
    let sessionKey;
    const follow = ({ epoch, offset }) => {
      if (offset !== undefined) place = { lastEpoch: epoch, lastOffset: offset };
    };
    ["client.started", "session.created", "action.trace", "action.status"].forEach((e) => socket.on(e, follow));
    socket.on("action.trace", ({ trace }) => trace.type === "text" && socket.said.push(trace.payload.message));
    socket.on("session.created", (payload) => (sessionKey = payload.sessionKey));
    socket.on("client.started", ({ newSessionRequired }) => newSessionRequired && socket.emit("session.create", {}));
    const start = () => socket.emit("client.start", { userID, projectID, sessionKey, ...place });
    socket.on("connect", start);
    if (socket.connected) start();
    await next(socket, "session.created");
    return sessionKey;
  },
  async ask(socket, action, messageID) {
    const over = next(socket, "action.status", (p) => p.status !== "accepted" && p.messageID === messageID);
    socket.emit("action.send", { action, messageID });
    return over;
  },
};

async function talk(transport) {
  const socket = connect(transport);
  await documented.start(socket, `node-${transport}`);
  await documented.ask(socket, { type: "launch", payload: {} }, "1");
  if (transport === "upgrade") while (socket.io.engine.transport.name !== "websocket") await next(socket.io.engine, "upgrade");
  await documented.ask(socket, text("Ada"), "2");
  if (!socket.heard.some(([event]) => event === "session.ended")) await next(socket, "session.ended");
  return { said: socket.said, transport: socket.io.engine.transport.name };
}

async function widget(transport) {
  const socket = connect(transport);
  socket.on("trace", ({ trace }) => trace.type === "text" && socket.said.push(trace.payload.message));
  await new Promise((resolve) => socket.on("connect", resolve));
  const config = { completionEvents: true, audioEvents: false, audioEncoding: "audio/pcm", modality: "chat", guidedNavigation: false, endAutomatically: false };
  let started = next(socket, "start");
  socket.emit("start", { userID: `widget-${transport}`, projectID, environmentID: "main", versionVariant: "published", config });
  const { newSessionRequired } = await started;
  const keyed = next(socket, "session-key-update");
  socket.emit("session-key-update");
  const { sessionKey } = await keyed;
  const turn = async (action) => {
    const over = next(socket, "action", ({ status }) => status !== "accepted");
    socket.emit("action", { action, config: { audioEvents: false, guidedNavigation: false } });
    return over;
  };
  await turn({ type: "launch", payload: { resetState: false } });
  socket.emit("keep-alive");
  const cancelled = next(socket, "cancel");
  socket.emit("cancel");
  const cancel = await cancelled;
  const back = new Promise((resolve) => socket.once("connect", resolve));
  socket.io.engine.close();
  await back;
  started = next(socket, "start");
  const replayed = next(socket, "replay");
  socket.emit("start", { userID: `widget-${transport}`, projectID, sessionKey, lastReceivedAt: 0, config });
  const again = await started;
  const { replay } = await replayed;
  const ended = next(socket, "session-ended");
  await turn(text("Ada"));
  await ended;
  return { newSessionRequired, again: again.newSessionRequired, cancel, replayed: replay.map((r) => r.type), said: socket.said };
}

async function cuts(transport) {
  const socket = connect(transport);
  await documented.start(socket, `cut-${transport}`);
  const wanted = 25;
  for (let n = 0; n < wanted; n++) {
    const over = next(socket, "action.status", (p) => p.status === "completed" && p.messageID === `m${n}`);
    socket.emit("action.send", { action: text(`hello ${n}`), messageID: `m${n}` });
    if (n % 2) setTimeout(() => socket.io.engine.close(), n % 5);
    // What was not accepted before the cut is sent again under its name.
    const again = () => socket.emit("action.send", { action: text(`hello ${n}`), messageID: `m${n}` });
    socket.on("client.started", again);
    await over;
    socket.off("client.started", again);
  }
  const offsets = socket.heard.map(([, p]) => p).filter((p) => p?.offset !== undefined && (p.trace || p.status)).map((p) => p.offset);
  return { said: socket.said, offsets };
}

const [kind, transport] = scenario.split(" ");
const result = await { talk, widget, cuts }[kind](transport);
process.stdout.write(JSON.stringify(result) + "\n", () => process.exit(0));
