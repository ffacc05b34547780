// The list of raw traces beside the conversation.
import { el } from "./show.js";

const FAMILY = { text: "talk", speak: "talk", completion: "talk", audio: "talk", choice: "choice", cardV2: "choice", carousel: "choice",
  visual: "choice", reasoning: "inner", "tool-call": "inner", knowledgeBase: "inner", "no-reply": "wait", "entity-filling": "wait", end: "end", debug: "inner", log: "inner", path: "inner", flow: "inner", block: "inner", goto: "inner" };

// Traces that come in pieces are one line: what is written or thought, and a tool's beginning and end.
const RUNS = new Set(["completion", "reasoning", "tool-call"]);
const begins = ({ state }) => state === "start" || state === "final";

const preview = ({ payload: p, type }) => p?.message ?? p?.content ?? p?.path ?? p?.name ?? p?.title ?? p?.blockID ?? p?.diagramID
  ?? (type === "no-reply" ? `${p?.timeout} s` : p?.buttons?.map((b) => b.name).join(" · ") ?? p?.cards?.map((c) => c.title).join(" · ")
    ?? p?.chunks?.map((c) => c.documentData?.name).join(" · ") ?? "");

export class Inspector {
  constructor({ list, filter, open, copy, count, empty }) {
    Object.assign(this, { list, filter, count, empty, seen: [], runs: new Map(), tools: new Map(), isOpen: false });
    filter.addEventListener("input", () => [...list.children].forEach((row) => this.#sift(row)));
    copy.addEventListener("click", () => this.#copy(copy, this.seen.filter((_, i) => !list.children[i].hidden).flat()));
    open.addEventListener("click", () => {
      this.isOpen = !this.isOpen;
      open.setAttribute("aria-pressed", this.isOpen);
      open.textContent = this.isOpen ? "Collapse" : "Expand";
      list.querySelectorAll("details").forEach((row) => (row.open = this.isOpen));
    });
  }

  action(action) { // a heading: what the traces after it answer
    this.#add(action, el("li.action", {}, el("span.arrow", { ariaHidden: "true" }, "→ "), el("b", {}, action.type), " ",
      typeof action.payload === "string" ? action.payload : action.payload?.label ?? ""));
  }

  trace(trace, elapsed) {
    const { call_id: id, tool_name: tool } = trace.payload?.metadata ?? {};
    if (id && tool) this.tools.set(id, tool);
    if (RUNS.has(trace.type) && this.#goesOn(trace)) return;
    const text = JSON.stringify(trace, null, 2);
    const button = el("button.quiet", { type: "button", ariaLabel: `Copy this ${trace.type} trace` }, "Copy");
    button.addEventListener("click", () => this.#copy(button, JSON.parse(button.nextSibling.textContent)));
    const family = /error|fatal/.test(trace.payload?.level) ? "end" : FAMILY[trace.type] ?? "custom";
    const summary = el("summary", {}, el(`span.tag.${family}`, {}, trace.type), el("span.brief", {}, `${this.tools.get(trace.payload?.callID) ?? preview(trace)}`.slice(0, 160)),
      el("time", { title: "Since your action" }, elapsed === null ? "" : `+${elapsed < 10000 ? `${elapsed} ms` : `${(elapsed / 1000).toFixed(1)} s`}`));
    const row = el("li", {}, el("details", { open: this.isOpen }, summary, el("div.raw", {}, button, el("pre", { tabIndex: 0 }, text))));
    this.#add(trace, row);
    if (RUNS.has(trace.type) && begins(trace.payload ?? {})) this.runs.set(this.#run(trace), { row, at: this.seen.length - 1, text: "" });
  }

  #run = ({ type, payload }) => `${type} ${payload?.callID ?? ""}`;

  #goesOn(trace) { // whether it went into the line of its beginning
    const run = this.runs.get(this.#run(trace));
    if (!run || begins(trace.payload ?? {})) return false;
    const all = (this.seen[run.at] = [this.seen[run.at], trace].flat());
    run.text += trace.payload?.content ?? "";
    run.row.dataset.text = `${run.text} ${JSON.stringify(all)}`.toLowerCase();
    run.row.querySelector("pre").textContent = JSON.stringify(all, null, 2);
    if (run.text) run.row.querySelector(".brief").textContent = run.text.slice(0, 160);
    if (trace.payload?.state === "end") this.runs.delete(this.#run(trace));
    this.#sift(run.row);
    this.#tell();
    return true;
  }

  clear() {
    this.seen = [];
    this.runs.clear();
    this.tools.clear();
    this.list.replaceChildren();
    this.#tell();
  }

  #add(what, row) {
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 60;
    this.seen.push(what);
    row.dataset.text = JSON.stringify(what).toLowerCase();
    this.#sift(row);
    this.list.append(row);
    if (atEnd) this.list.scrollTop = this.list.scrollHeight;
    this.#tell();
  }

  #sift(row) {
    row.hidden = !row.dataset.text.includes(this.filter.value.trim().toLowerCase());
  }

  #tell() {
    this.empty.hidden = this.seen.length > 0;
    const traces = this.seen.flat().length - this.list.querySelectorAll(".action").length;
    this.count.textContent = traces ? ` ${traces}` : "";
  }

  async #copy(button, what) {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(JSON.stringify(what, null, 2));
      button.textContent = "Copied";
    } catch { // browsers give the clipboard to localhost and https alone
      button.textContent = "Not allowed here";
    }
    setTimeout(() => (button.textContent = before), 1500);
  }
}
