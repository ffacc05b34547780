// The API as the page uses it: a session, and turns whose streams survive a broken connection.

const WAITS = [300, 700, 1500, 3000, 5000]; // milliseconds before each attempt to come back

export class Refused extends Error {
  constructor(message, code = "", status = 0) {
    super(message);
    Object.assign(this, { code, status });
  }
}

export const newID = () => [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, "0")).join("");
const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));
const GONE = `The server at ${location.host} does not answer. Check that “parley serve” is running, then try again.`;

async function call(path, options = {}) {
  const response = await fetch(path, options);
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  const after = response.headers.get("retry-after");
  const advice = response.status === 429 && after ? ` Try again in ${after} s.` : "";
  throw new Refused((body.message ?? `The server answered ${response.status}.`) + advice, body.code, response.status);
}

export async function once(path, options) {
  try {
    return await (await call(path, options)).json();
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(GONE, "unreachable");
  }
}

export async function startSession({ key, project, environment, user }) {
  const place = environment ? `/environment/${encodeURIComponent(environment)}` : "";
  const answer = await once(`v4/project/${encodeURIComponent(project)}${place}/session`, {
    method: "POST",
    headers: { authorization: key, "content-type": "application/json" },
    body: JSON.stringify({ userID: user }),
  });
  return answer.sessionKey;
}

export const begun = (action) => ({ action, key: newID(), id: null, last: 0 }); // a turn's progress: plain data

// Yields the turn's traces and moves its progress on. A broken stream is taken up again after the last trace seen; an
// action whose acceptance is not known is sent again under the same Idempotency-Key, so it is carried out once.
export async function* turn(session, progress, onTrouble) {
  const headers = { authorization: session, "content-type": "application/json", "idempotency-key": progress.key };
  const body = JSON.stringify({ action: progress.action, config: { completionEvents: true } });
  const resumed = () => ({ headers: { authorization: session, "last-event-id": `${progress.last}` } });
  for (let failures = 0; ;) {
    try {
      const response = progress.id === null
        ? await call("v4/interact/stream", { method: "POST", headers, body })
        : await call(`v4/interact/stream/${progress.id}`, resumed());
      if (response.status === 204) return; // everything had been received
      progress.id = response.headers.get("x-turn-id") ?? progress.id;
      for await (const event of events(response.body)) {
        if (failures) onTrouble(false);
        failures = 0;
        if (event.name === "error") throw new Refused(event.data.message, event.data.code);
        if (event.id <= progress.last) continue;
        progress.last = event.id;
        if (event.name === "end") return;
        if (event.name === "trace") yield event.data;
      }
    } catch (error) {
      if (error instanceof Refused && error.status !== 503) throw error;
      if (failures === WAITS.length) throw error instanceof Refused ? error : new Refused(GONE, "unreachable");
    }
    onTrouble(true);
    await pause(WAITS[Math.min(failures++, WAITS.length - 1)]);
  }
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", event = { name: "message", id: 0, data: "" };
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines.map((l) => l.replace(/\r$/, ""))) {
      if (line.startsWith("event:")) event.name = line.slice(6).trim();
      else if (line.startsWith("id:")) event.id = Number(line.slice(3));
      else if (line.startsWith("data:")) event.data += line.slice(5).trim();
      else if (line === "") {
        if (event.data) yield { ...event, data: JSON.parse(event.data) };
        event = { name: "message", id: 0, data: "" };
      }
    }
  }
}
