// The list of raw traces beside the conversation.
import { el } from "./show.js";

const FAMILY = { text: "talk", speak: "talk", completion: "talk", audio: "talk", choice: "choice", cardV2: "choice", carousel: "choice",
  visual: "choice", "no-reply": "wait", "entity-filling": "wait", end: "end", debug: "inner", log: "inner", path: "inner", flow: "inner", block: "inner", goto: "inner" };

const preview = ({ payload: p, type }) => p?.message ?? p?.content ?? p?.path ?? p?.name ?? p?.title ?? p?.blockID ?? p?.diagramID
  ?? (type === "no-reply" ? `${p?.timeout} s` : p?.buttons?.map((b) => b.name).join(" · ") ?? p?.cards?.map((c) => c.title).join(" · ") ?? "");

export class Inspector {
  constructor({ list, filter, open, copy, count, empty }) {
    Object.assign(this, { list, filter, count, empty, seen: [], isOpen: false });
    filter.addEventListener("input", () => [...list.children].forEach((row) => this.#sift(row)));
    copy.addEventListener("click", () => this.#copy(copy, this.seen.filter((_, i) => !list.children[i].hidden)));
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
    const text = JSON.stringify(trace, null, 2);
    const button = el("button.quiet", { type: "button", ariaLabel: `Copy this ${trace.type} trace` }, "Copy");
    button.addEventListener("click", () => this.#copy(button, trace));
    const family = /error|fatal/.test(trace.payload?.level) ? "end" : FAMILY[trace.type] ?? "custom";
    const summary = el("summary", {}, el(`span.tag.${family}`, {}, trace.type), el("span.brief", {}, `${preview(trace)}`.slice(0, 160)),
      el("time", { title: "Since your action" }, elapsed === null ? "" : `+${elapsed < 10000 ? `${elapsed} ms` : `${(elapsed / 1000).toFixed(1)} s`}`));
    this.#add(trace, el("li", {}, el("details", { open: this.isOpen }, summary, el("div.raw", {}, button, el("pre", { tabIndex: 0 }, text)))));
  }

  clear() {
    this.seen = [];
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
    const traces = this.list.querySelectorAll("details").length;
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
