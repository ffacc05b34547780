// The page: who is talking to what, the conversation on screen, and what is remembered for a reload.
import { el, settle, show } from "./show.js";
import { Inspector } from "./inspector.js";
import { begun, newID, once, Refused, startSession, turn } from "./stream.js";
import { isScript, Work } from "./work.js";

const REMEMBERED = 400;
const $ = (id) => document.getElementById(id);
const inspector = new Inspector({ list: $("list"), filter: $("filter"), open: $("open"), copy: $("copy"), count: $("count"), empty: $("empty") });
const work = new Work();
const wide = matchMedia("(min-width: 56rem)");

let talk = null; // { key, project, environment, user, name, session, ended, running, events: [...] }
let sending = Promise.resolve(); // actions go out one after another
let waiting = 0;
let silence = null; // { timer, ticker, until }

// ---- beginning -------------------------------------------------------------------------------------------------

const fragment = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

async function arrive() {
  const asked = fragment();
  const kept = recall();
  const fits = kept && Object.entries(asked).every(([name, value]) => name === "key" || kept[name] === value);
  if (fits && (kept.session || asked.project)) return resume({ ...kept, key: asked.key });
  if (asked.key && asked.project) return begin({ environment: "", user: `web-${newID().slice(0, 8)}`, ...asked });
  return openDoor();
}

async function openDoor(message = "") {
  stopSilence();
  talk = null;
  for (const id of ["again", "leave", "composer", "log"]) $(id).hidden = true;
  $("agent").textContent = "Parley";
  $("place").textContent = "";
  $("script").hidden = true;
  document.title = "Parley";
  say("");
  $("door").hidden = false;
  let problem = message;
  try {
    offer((await once("console/projects")).projects);
  } catch (error) {
    problem ||= error.message;
  }
  $("refused").textContent = problem;
  $("refused").hidden = !problem;
  $("user").value ||= `web-${newID().slice(0, 8)}`;
  $("key").value ||= fragment().key ?? "";
  $("key").focus();
}

function offer(projects) {
  const environments = () => {
    const chosen = projects.find((project) => project.id === $("project").value);
    const names = chosen?.environments ?? [];
    const split = names.length > 1 ? [el("option", { value: "" }, "As the traffic split says")] : [];
    $("environment").replaceChildren(...split, ...names.map((name) => el("option", { value: name }, name)));
    $("environment").parentElement.hidden = names.length < 2;
  };
  const before = fragment().project;
  $("project").replaceChildren(...projects.map(({ id, name }) => el("option", { value: id, selected: id === before }, name)));
  $("project").onchange = environments;
  environments();
}

async function begin(asked) {
  enter(asked.name ?? asked.project, asked.environment);
  talk = { ...asked, session: null, ended: false, events: [] };
  clear();
  say("Starting…");
  const mine = talk;
  try {
    const names = await once("console/projects").catch(() => ({ projects: [] }));
    mine.name = names.projects.find((project) => project.id === asked.project)?.name ?? asked.project;
    mine.session = await startSession(asked);
  } catch (error) {
    if (mine === talk) await openDoor(error.status === 401 ? `${error.message} Copy the key that “parley serve” shows.` : error.message);
    return;
  }
  enter(mine.name, mine.environment);
  remember();
  say("");
  send({ type: "launch", payload: { resetState: false } });
}

function resume(kept) {
  enter(kept.name, kept.environment);
  talk = kept;
  clear();
  for (const event of kept.events) {
    if (event.action && event.action.type !== "no-reply") settle($("log"));
    draw(event);
  }
  if (kept.ended) finish();
  else if (kept.running) enqueue(kept.running);
  else if (!kept.events.length) send({ type: "launch", payload: { resetState: false } });
}

function enter(name, environment) {
  $("agent").textContent = name;
  document.title = `${name} · Parley`;
  $("place").textContent = environment ? `environment ${environment}` : "";
  $("door").hidden = true;
  for (const id of ["again", "leave", "composer", "log"]) $(id).hidden = false;
  if (wide.matches) $("words").focus();
}

function startAgain() {
  if (!talk) return;
  if (!talk.key) return openDoor("Give the API key again to start a new conversation: it is not kept when the page is reloaded.");
  begin({ key: talk.key, project: talk.project, environment: talk.environment, user: talk.user, name: talk.name });
}

// ---- talking ---------------------------------------------------------------------------------------------------

function send(action, label = null) {
  if (!talk || talk.ended || !talk.session) return;
  stopSilence();
  if (action.type !== "no-reply") settle($("log"));
  record({ action, label });
  enqueue(begun(action));
}

function enqueue(progress) {
  const mine = talk;
  waiting += 1;
  sending = sending.then(() => perform(mine, progress)).finally(() => { waiting -= 1; });
}

async function perform(mine, progress) {
  if (mine !== talk || mine.ended) return;
  mine.running = progress;
  const began = performance.now();
  let timeout = null, over = progress.action.type === "end";
  const typing = row("agent", el("div.typing", { ariaLabel: "The agent is answering" }, el("i"), el("i"), el("i")));
  try {
    for await (const trace of turn(mine.session, progress, trouble)) {
      if (mine !== talk) return;
      record({ trace, elapsed: Math.round(performance.now() - began) });
      if (trace.type === "no-reply") timeout = trace.payload?.timeout;
      if (trace.type === "end") over = true;
      typing.hidden = streaming !== null;
      if ($("log").lastChild !== typing) $("log").append(typing);
      scroll();
    }
    if (mine !== talk) return;
    mine.running = null;
    remember();
    say("");
    if (over) finish();
    else if (timeout && waiting === 1) listenForSilence(timeout);
  } catch (error) {
    if (mine === talk) fail(error, progress);
  } finally {
    typing.remove();
  }
}

function trouble(isLost) {
  say(isLost ? "The connection broke. Coming back…" : "", isLost);
}

function fail(error, progress) {
  if (!(error instanceof Refused)) {
    say("Something in this page went wrong. Reload it to go on.", true);
    throw error;
  }
  if (error.code === "session_ended") return finish(error.message);
  if (error.status === 401) return openDoor(error.message);
  say(error.message, true, ["Try again", () => { say(""); enqueue(progress); }]);
}

function finish(message = "The conversation is over.") {
  stopSilence();
  talk.ended = true;
  remember();
  settle($("log"));
  $("composer").hidden = true;
  say(message, false, ["Start again", startAgain]);
}

// ---- what is seen ----------------------------------------------------------------------------------------------

let streaming = null; // the bubble that a completion is being written into

function record(event) {
  talk.events = [...talk.events, event].slice(-REMEMBERED);
  remember();
  draw(event);
}

function draw({ action, label, trace, elapsed }) {
  if (action) {
    inspector.action(action);
    const words = label ?? (typeof action.payload === "string" ? action.payload : action.payload?.label);
    if (words && action.type !== "launch") row("mine", el("div.bubble", {}, words));
    return;
  }
  inspector.trace(trace, elapsed ?? null);
  if (trace.type === "completion") return complete(trace.payload);
  if (isScript(trace)) $("script").hidden = false;
  const made = work.take(trace, send);
  const node = made === undefined ? show(trace, send) : made;
  if (node) row("agent", node);
}

function complete({ state, content }) {
  if (state === "start") streaming = row("agent", el("div.bubble")).firstChild;
  if (state === "content") (streaming ??= row("agent", el("div.bubble")).firstChild).append(content);
  if (state === "end") streaming = null;
  scroll();
}

function row(who, node) {
  const made = el(`div.row.${who}`, {}, node);
  $("log").append(made);
  scroll();
  return made;
}

function scroll() {
  $("log").scrollTop = $("log").scrollHeight;
}

function clear() {
  streaming = null;
  work.clear();
  $("script").hidden = true;
  stopSilence();
  say("");
  $("log").replaceChildren();
  inspector.clear();
}

function say(words, isTrouble = false, button = null) {
  const act = button && el("button", { type: "button", onclick: button[1] }, button[0]);
  $("status").replaceChildren(...(words ? [el("span", {}, words), ...(act ? [act] : [])] : []));
  $("status").classList.toggle("trouble", isTrouble);
}

// ---- silence ---------------------------------------------------------------------------------------------------

function listenForSilence(seconds) {
  stopSilence();
  const until = performance.now() + seconds * 1000;
  const left = el("span", { ariaHidden: "true" });
  const tell = () => { left.textContent = `No reply in ${Math.max(0, Math.ceil((until - performance.now()) / 1000))} s`; };
  tell();
  silence = { seconds, ticker: setInterval(tell, 250), timer: setTimeout(() => send({ type: "no-reply" }), seconds * 1000) };
  $("status").classList.remove("trouble");
  $("status").replaceChildren(left, el("button", { type: "button", onclick: () => stopSilence() }, "Stop the timer"));
}

function stopSilence() {
  if (!silence) return;
  clearInterval(silence.ticker);
  clearTimeout(silence.timer);
  silence = null;
  say("");
}

// ---- what is kept ----------------------------------------------------------------------------------------------

function remember() {
  const { key, ...kept } = talk; // the API key stays out of storage
  try {
    sessionStorage.setItem("parley", JSON.stringify(kept));
  } catch { /* storage is full or forbidden: a reload then starts anew */ }
}

function recall() {
  try {
    return JSON.parse(sessionStorage.getItem("parley"));
  } catch {
    return null;
  }
}

// ---- controls --------------------------------------------------------------------------------------------------

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = $("words").value.trim();
  if (!words) return;
  $("words").value = "";
  send({ type: "text", payload: words });
});
$("words").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
});
$("words").addEventListener("input", () => silence && listenForSilence(silence.seconds));
$("door").addEventListener("submit", (event) => {
  event.preventDefault();
  begin({ key: $("key").value.trim(), project: $("project").value, environment: $("environment").value, user: $("user").value.trim() || "web" });
});
$("again").addEventListener("click", startAgain);
$("leave").addEventListener("click", () => openDoor());
$("toggle").addEventListener("click", () => drawer($("toggle").ariaExpanded !== "true"));
$("close").addEventListener("click", () => drawer(false));
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !wide.matches) drawer(false); });
wide.addEventListener("change", () => drawer(wide.matches));
addEventListener("hashchange", arrive);

function drawer(isOpen) {
  $("traces").hidden = !isOpen;
  $("toggle").ariaExpanded = isOpen;
  if (wide.matches) return;
  $(isOpen ? "close" : "toggle").focus({ preventScroll: true });
}

$("traces").hidden = !wide.matches;
$("toggle").ariaExpanded = wide.matches;
arrive();
