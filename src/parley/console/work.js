// The work behind an answer: what a model thought, the tools that it used, a person who takes over. Lines that open.
import { el } from "./show.js";

const pretty = (text) => {
  try {
    return JSON.stringify(typeof text === "string" ? JSON.parse(text) : text, null, 2);
  } catch {
    return `${text}`;
  }
};
const BACK = "Back to the agent";
const PERSON = { chat_started: "A person is being fetched. What you write is for that person.", chat_ended: "The person has left.",
  chat_dismissed: "The person has left." };
const SCRIPT = /rule [\d.]+ of a script answered, not a language model/;

export const isScript = (trace) => trace.type === "debug" && trace.payload?.context === "model" && SCRIPT.test(trace.payload.message);

export class Work {
  #thought = null;
  #uses = new Map(); // by call id
  #back = null; // the way back from a person

  // The node that a trace begins; null when it only adds to one; undefined when it is no work. `act` sends an action.
  take({ type, payload }, act) {
    if (type === "reasoning") return this.#think(payload);
    if (type === "live-agent-handoff") return this.#person(payload, act);
    if (type === "debug" && payload?.context === "tool" && payload.metadata?.call_id) return this.#use(payload.metadata);
    return undefined;
  }

  clear() {
    this.#thought = null;
    this.#uses.clear();
  }

  #think({ state, content, message }) {
    if (state === "end") this.#thought = null;
    const words = state === "final" ? message : content;
    if (!words) return null;
    if (this.#thought) {
      this.#thought.append(words);
      return null;
    }
    const text = el("p", {}, words);
    if (state !== "final") this.#thought = text;
    return el("details.work", {}, el("summary", {}, "Thought"), text);
  }

  #use({ call_id: id, tool_name: name, input, result, succeeded }) {
    const begun = this.#uses.get(id);
    if (result === undefined) {
      const state = el("span.state", {}, " is being used");
      const body = el("div", {}, el("h4", {}, "Input"), el("pre", { tabIndex: 0 }, pretty(input)));
      this.#uses.set(id, { state, body });
      return el("details.work", {}, el("summary", {}, el("b", {}, name), state), body);
    }
    if (!begun) return null;
    begun.state.textContent = succeeded ? " was used" : " failed";
    begun.state.classList.toggle("failed", !succeeded);
    begun.body.append(el("h4", {}, "Result"), el("pre", { tabIndex: 0 }, pretty(result)));
    this.#uses.delete(id);
    return null;
  }

  #person({ event, message, provider }, act) {
    const note = PERSON[event];
    if (this.#back && event !== "chat_started" && note) this.#back.disabled = true;
    const back = event === "chat_started" ? el("button", { type: "button" }, BACK) : null;
    back?.addEventListener("click", () => act({ type: "live-agent-handoff", payload: { type: "return_to_voiceflow" } }, BACK));
    this.#back = back ?? this.#back;
    return el("div.said", {}, message ? el("div.bubble", {}, `${message}`) : null,
      note ? el("p.note", {}, provider ? `${note} (${provider})` : note) : null, back ? el("div.choice", {}, back) : null);
  }
}
