// Node's reference servers doing what bench/socket_echo.py does.
// node echo.js --port 3000 [--engine | --triple] [--ping-interval 300] [--ping-timeout 200]
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server as EngineServer } from "engine.io";
import { Server } from "socket.io";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "3000" },
    "ping-interval": { type: "string", default: "300" },
    "ping-timeout": { type: "string", default: "200" },
    engine: { type: "boolean", default: false },
    triple: { type: "boolean", default: false },
  },
});

const options = {
  pingInterval: Number(values["ping-interval"]),
  pingTimeout: Number(values["ping-timeout"]),
  maxPayload: 1e6,
  maxHttpBufferSize: 1e6,
  connectTimeout: 1000,
  cors: { origin: "*" },
  perMessageDeflate: false,
};

const path = values.triple ? "/v4/interact/socket" : "/socket.io";
const http = createServer();

function echoEngine() {
  const engine = new EngineServer(options);
  engine.attach(http, { path: "/engine.io/" });
  engine.on("connection", (socket) => socket.on("data", (data) => socket.send(data)));
}

function echoSocket(io) {
  const talk = (socket) => {
    socket.emit("auth", socket.handshake.auth);
    socket.on("message", (...args) => socket.emit("message-back", ...args));
    socket.on("message-with-ack", (...args) => args.pop()(...args));
  };
  io.on("connection", talk);
  io.of("/custom").on("connection", talk);
}

function echoTriple(io) {
  io.on("connection", (socket) => {
    socket.onAny((event, text) => {
      socket.emit("action.status", { status: "accepted", messageID: "m" });
      socket.emit("action.trace", { trace: { type: "text", payload: text }, messageID: "m" });
      socket.emit("action.status", { status: "completed", messageID: "m" });
    });
  });
}

if (values.engine) {
  echoEngine();
} else {
  const io = new Server(http, { ...options, path, connectTimeout: values.triple ? 45000 : 1000, serveClient: false });
  (values.triple ? echoTriple : echoSocket)(io);
}
http.listen({ port: Number(values.port), backlog: 4096 });
