// Traces as people see them. Everything an agent says becomes text nodes, never markup.

export function el(spec, properties = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// For the builder, not for the user: these are seen in the list of traces alone.
const SILENT = new Set(["log", "path", "flow", "block", "goto", "debug", "stream", "no-reply", "reasoning", "audio", "end",
  "entity-filling", "channel-action", "knowledgeBase", "realtime-agent", "dtmf", "tool-call", "simulation-test-result"]);

// The node that shows a trace, null when it shows nothing. `act(action, label)` sends what a button stands for.
export function show(trace, act) {
  const payload = trace.payload ?? {};
  switch (trace.type) {
    case "text": return bubble(payload.slate?.content, payload.message);
    case "speak": return el("div.said", {}, payload.src ? sound(payload.src) : null, payload.message ? bubble(null, payload.message) : null);
    case "choice": return buttonsOf(payload.buttons, act);
    case "cardV2": return card(payload, act);
    case "carousel": return el(payload.layout === "List" ? "div.cards.list" : "div.cards", { tabIndex: 0, role: "group",
      ariaLabel: "Cards" }, ...(payload.cards ?? []).map((each) => card(each, act)));
    case "visual": return picture(payload.image, payload.dimensions);
    case "debug": return /error|fatal/.test(payload.level) ? el("p.fault", {}, `Agent: ${payload.message}`) : null;
    default: return SILENT.has(trace.type) ? null : custom(trace, act);
  }
}

function bubble(slate, message) {
  const paragraphs = Array.isArray(slate) ? slate.map((p) => el("p", {}, ...rich(p))) : `${message ?? ""}`.split("\n").map((line) => el("p", {}, ...linked(line)));
  return el("div.bubble", {}, ...paragraphs);
}

function rich(node) {
  if (typeof node?.text === "string") {
    const style = [node.fontWeight >= 600 || node.bold ? "bold" : "", node.italic ? "italic" : "", node.underline ? "underline" : "", node.strikeThrough ? "struck" : ""].filter(Boolean);
    return style.length ? [el(["span", ...style].join("."), {}, ...linked(node.text))] : linked(node.text);
  }
  const inner = (node?.children ?? []).flatMap(rich);
  const href = node?.type === "link" ? address(node.url, /^(https?|mailto|tel):/) : null;
  return href ? [link(href, ...inner)] : inner;
}

const linked = (text) => text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)])/).map((part, i) => (i % 2 ? link(part, part) : part));
const link = (href, ...inner) => el("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...inner);

export function address(url, schemes) {
  try {
    const parsed = new URL(url, location.href);
    return schemes.test(parsed.protocol) || schemes.test(parsed.href) ? parsed.href : null;
  } catch {
    return null;
  }
}

const sound = (src) => el("audio", { controls: true, src: address(src, /^(https?:|data:audio\/)/) ?? "", ariaLabel: "Recording" });

function picture(url, size) {
  const src = url && address(url, /^(https?:|data:image\/)/);
  if (!src) return null;
  const image = el("img.picture", { src, alt: "", referrerPolicy: "no-referrer" });
  if (size?.width) Object.assign(image, { width: size.width, height: size.height });
  image.addEventListener("error", () => image.replaceWith(el("p.missing", {}, `This picture cannot be loaded: ${url.slice(0, 200)}`)));
  return image;
}

function card(content, act) {
  return el("article.card", {}, picture(content.imageUrl), el("div.about", {},
    content.title ? el("h3", {}, content.title) : null,
    content.description?.text ? el("p", {}, content.description.text) : null),
    buttonsOf(content.buttons, act));
}

function buttonsOf(buttons, act) {
  if (!buttons?.length) return null;
  return el("div.choice", { role: "group", ariaLabel: "Choices" }, ...buttons.map((each) => pressable(each.name, each.request, act)));
}

// A path leads somewhere only while its step waits, so `settle` puts its button out; an intent or a text always does.
function pressable(name, request, act) {
  const opens = (request?.payload?.actions ?? []).find((action) => action.type === "open_url")?.payload?.url;
  const button = el("button", { type: "button" }, name || "…", opens ? el("span.out", { ariaHidden: "true" }, " ↗") : null);
  if (!["intent", "text"].includes(request?.type)) button.dataset.once = "";
  button.addEventListener("click", () => {
    const href = opens && address(opens, /^(https?|mailto|tel):/);
    if (href) window.open(href, "_blank", "noopener");
    button.classList.add("chosen");
    act(request ?? { type: "text", payload: name }, name);
  });
  return button;
}

export function settle(log) {
  for (const button of log.querySelectorAll("button[data-once]:not(:disabled)")) button.disabled = true;
}

function custom(trace, act) {
  const paths = (trace.paths ?? []).filter((path) => path.event?.type);
  return el("section.custom", { ariaLabel: `Custom action ${trace.type}` },
    el("header", {}, el("span.tag", {}, "custom action"), el("strong", {}, trace.type)),
    trace.payload === undefined || trace.payload === null ? null : el("pre", { tabIndex: 0 }, JSON.stringify(trace.payload, null, 2)),
    paths.length ? el("div.choice", { role: "group", ariaLabel: "Paths" },
      ...paths.map((path) => pressable(path.label ?? path.event.type, path.event, act))) : null);
}
