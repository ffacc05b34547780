// A supervisor's and a customer's program on the platform API, with the libraries that such programs are made of:
// openapi-fetch for the routes, eventsource and eventsource-parser for the streams, ws for the sockets.
// node platform.mjs <url> <workspace> <key>; prints what each step saw as JSON.
import { EventSource } from 'eventsource';
import { createParser } from 'eventsource-parser';
import createClient from 'openapi-fetch';
import { WebSocket } from 'ws';

const [url, workspace_id, key] = process.argv.slice(2);
const saw = {};
const client = createClient({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });
const path = { workspace_id };

// Frames as they come; `next` waits for the first one that fits.
class Frames {
  #frames = [];
  #waiting = [];

  put(frame) {
    this.#frames.push(frame);
    this.#waiting.splice(0).forEach((look) => look());
  }

  async next(fits) {
    for (let at = 0; ; at++) {
      while (at >= this.#frames.length) await new Promise((look) => this.#waiting.push(look));
      if (fits(this.#frames[at])) return this.#frames.splice(at, 1)[0];
    }
  }
}

async function socket(route, query) {
  const frames = new Frames();
  const ws = new WebSocket(`${url.replace('http', 'ws')}${route}?${new URLSearchParams(query)}`, ['auth', key]);
  ws.on('message', (data, isBinary) => isBinary || frames.put(JSON.parse(data)));
  const closed = new Promise((resolve) => ws.on('close', resolve));
  await new Promise((resolve, reject) => ws.on('open', resolve).on('error', reject));
  return { ws, closed, protocol: ws.protocol, next: (type) => frames.next((frame) => frame.type === type) };
}

async function service() {
  const { data } = await client.GET('/v1/{workspace_id}/services', { params: { path } });
  return data.items[0].id;
}

async function known(canonical_id) {
  const { data } = await client.PUT('/v1/{workspace_id}/world/entities/{canonical_id}', {
    params: { path: { ...path, canonical_id } },
    body: { entity_type: 'person' },
  });
  return data.id;
}

// "Start a web text conversation session with an entity", then turns, whole and streamed.
async function converse(service_id) {
  const canonical_id = 'crm:Customer:67890';
  await known(canonical_id);
  const start = () =>
    client.POST('/v1/{workspace_id}/sessions/start', {
      params: { path },
      body: { service_id, canonical_id, channel_kind: 'web', greeting: 'Welcome back.' },
    });
  const [first, second] = [await start(), await start()];
  saw.start = [first.response.status, first.data.session_status, second.response.status, second.data.session_status];
  saw.same = first.data.conversation_id === second.data.conversation_id;
  const conversation_id = first.data.conversation_id;

  const turn = await client.POST('/v1/{workspace_id}/conversations/{conversation_id}/turns', {
    params: { path: { ...path, conversation_id }, query: { include_tool_calls: true } },
    headers: { Accept: 'application/json' },
    body: { message: 'Hello there' },
  });
  saw.turn = { status: turn.response.status, input: turn.data.input.text, said: turn.data.output.map((t) => t.text) };

  const streamed = await client.POST('/v1/{workspace_id}/conversations/{conversation_id}/turns/stream', {
    params: { path: { ...path, conversation_id } },
    headers: { Accept: '*/*' },
    body: { message: 'Hello again' },
    parseAs: 'stream',
  });
  saw.stream = [];
  const parser = createParser({ onEvent: ({ event, data }) => event && saw.stream.push([event, JSON.parse(data)]) });
  for await (const chunk of streamed.data.pipeThrough(new TextDecoderStream())) parser.feed(chunk);

  const whole = await client.GET('/v1/{workspace_id}/conversations/{conversation_id}', {
    params: { path: { ...path, conversation_id } },
  });
  saw.transcript = whole.data.turns.map(({ role, text }) => [role, text]);
}

// A test call, listed, observed, injected into and ended.
async function supervise(service_id) {
  const call = await socket('/agent/test-call', { workspace_id, service_id, sample_rate: 16000 });
  const { call_sid } = await call.next('session_started');
  await call.next('ready');
  const active = await client.GET('/v1/{workspace_id}/sessions/active', { params: { path } });
  saw.active = { isArray: Array.isArray(active.data), listed: active.data.some((one) => one.call_sid === call_sid) };

  const observer = await socket(`/v1/${workspace_id}/observers/${call_sid}/ws`, {});
  saw.observer = { protocol: observer.protocol, info: (await observer.next('session_info')).call_sid === call_sid };
  const inject = (body, sid = call_sid) =>
    client.POST('/v1/{workspace_id}/sessions/{call_sid}/inject', { params: { path: { ...path, call_sid: sid } }, body });
  const injected = await inject({ message: 'The payment has arrived.' });
  saw.inject = { status: injected.data.status, mine: injected.data.call_sid === call_sid };
  saw.receipt = (await observer.next('injection')).injection_id === injected.data.injection_id;

  const lost = await inject({ message: 'x' }, `CA${'0'.repeat(32)}`);
  const bad = await inject({ message: '' });
  saw.errors = [lost.response.status, lost.error.detail, bad.response.status, bad.error.detail[0].loc];

  call.ws.send(JSON.stringify({ type: 'stop' }));
  saw.end = (await observer.next('session_end')).call_sid === call_sid;
  await call.closed;
  observer.ws.close();
  const after = await client.GET('/v1/{workspace_id}/sessions/active', { params: { path } });
  saw.gone = after.data.length === 0;
  return { call_sid, closed: await observer.closed };
}

// The workspace's events, with a reconnect that asks for what came since.
async function events(happen) {
  const heard = new Frames();
  const asked = [];
  const open = () => {
    const source = new EventSource(`${url}/v1/${workspace_id}/events/stream`, {
      fetch: (input, init) => {
        asked.push(init.headers['Last-Event-ID'] ?? null);
        return fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${key}` } });
      },
    });
    for (const type of ['call.started', 'call.ended']) {
      source.addEventListener(type, ({ data, lastEventId }) => heard.put({ type, id: lastEventId, ...JSON.parse(data) }));
    }
    return new Promise((resolve) => source.addEventListener('open', () => resolve(source), { once: true }));
  };
  const source = await open();
  const { call_sid } = await happen();
  const isMine = (type) => (frame) => frame.type === type && frame.call_sid === call_sid;
  const started = await heard.next(isMine('call.started'));
  const ended = await heard.next(isMine('call.ended'));
  source.close();
  saw.events = { required: ['direction', 'service_id'].every((name) => name in started), reason: ended.completion_reason };

  // A fresh connection that names the first event hears the rest of them again.
  const again = await fetch(`${url}/v1/${workspace_id}/events/stream`, {
    headers: { Authorization: `Bearer ${key}`, 'Last-Event-ID': started.id },
  });
  const replayed = await new Promise((resolve) => {
    const parser = createParser({ onEvent: (event) => event.event === 'call.ended' && resolve(event) });
    (async () => {
      for await (const chunk of again.body.pipeThrough(new TextDecoderStream())) parser.feed(chunk);
    })().catch(() => undefined);
  });
  saw.replayed = { same: replayed.id === ended.id, isTime: /^\d{13,}$/.test(replayed.id) };
}

// The conversation over a socket.
async function text(service_id) {
  const entity_id = await known('crm:Customer:12345');
  const socketed = await socket(`/v1/${workspace_id}/sessions/connect`, { service_id, entity_id });
  const { conversation_id } = await socketed.next('session_started');
  await socketed.next('message');
  await socketed.next('response_complete');
  socketed.ws.send(JSON.stringify({ type: 'message', text: 'Hi', client_message_id: 'one' }));
  const { text: said } = await socketed.next('message');
  const { duplicate } = await socketed.next('response_complete');
  socketed.ws.send(JSON.stringify({ type: 'message', text: 'Hi', client_message_id: 'one' }));
  const repeated = (await socketed.next('response_complete')).duplicate;
  socketed.ws.send(JSON.stringify({ type: 'stop' }));
  const { reason } = await socketed.next('session_ended');
  saw.text = { protocol: socketed.protocol, named: Boolean(conversation_id), said, duplicate, repeated, reason };
  saw.text.code = await socketed.closed;
}

const service_id = await service();
await converse(service_id);
await events(() => supervise(service_id));
await text(service_id);
console.log(JSON.stringify(saw));
process.exit(0);
