// A conversation by the documented samples as they are written; only the host and the ids are replaced.
// node seed_talk.mjs <url> <projectID> <apiKey>; prints everything heard as JSON.
import { io } from 'socket.io-client';

const [url, projectID, authorization] = process.argv.slice(2);
const heard = [];

// "Connection configuration"
const socket = io(url, {
  path: '/v4/interact/socket',
  timeout: 10000,
  transports: ['websocket', 'polling', 'webtransport'], // optional fallbacks
  reconnection: true,
  tryAllTransports: true,
  reconnectionDelay: 1000,
  reconnectionAttempts: 5,
  reconnectionDelayMax: 5000,
});

// "client.start", example call
const metadata = {
  userID: 'test@test.com',
  projectID,

  authorization,

  config: {
    completionEvents: true
  }
};

socket.onAny((event, ...args) => heard.push([event, ...args]));

// "Initialization sequence"
// save sessionKey on client side for future reconnections
let sessionKey;

// socket.io level connection
socket.on('connect', () => {

  // voiceflow client handshake
  socket.emit('client.start', { sessionKey, ...metadata });
  socket.once('client.started', (payload) => {
    if (payload.newSessionRequired === false) {
      return ready();
    }

    // session create handshake
    socket.emit('session.create', {});
    socket.once('session.created', (payload) => {
      sessionKey = payload.sessionKey;
      ready();
    });
  })
})

// "Action Lifecycle": wait for completed or rejected before the next action
const actions = [
  () => {
    // "Start"
    socket.emit('action.send', {
      action: { type: 'launch', payload: {} }
    });
  },
  () => {
    // "action.send", example call
    socket.emit('action.send', {
      action: {
        type: 'text',
        payload: 'Hello, how are you?'
      }
    });
  },
];

function ready() {
  actions.shift()();
}

socket.on('action.status', ({ status }) => {
  if (status !== 'accepted' && actions.length) actions.shift()();
});

// "action.trace", example
socket.on('action.trace', (payload) => {
  // Handle trace data (speech, text, audio chunks, etc.)
  console.error('Trace received:', payload.trace);
});

// "End"
socket.on('session.ended', () => {
  // cleanup code
  process.stdout.write(JSON.stringify({ heard, transport: socket.io.engine.transport.name }) + '\n', () =>
    process.exit(0),
  );
})
