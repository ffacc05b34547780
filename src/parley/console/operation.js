// One operation of the API, opened: what it takes, what it answers, and a command that calls it.
import { fieldsOf, find, limits, nameOf, options, sample, typeOf } from "./schema.js";

const DEEPEST = 6;
const KEYS = { ApiKey: "API_KEY", SessionKey: "SESSION_KEY", BearerAuth: "WORKSPACE_KEY" };
const KEY_NAMES = { ApiKey: "an API key", SessionKey: "a session key", BearerAuth: "a workspace key" };
// Where `parley serve` says a value by another name, commands take it by that one.
const VARIABLES = { workspace_id: "WORKSPACE" };
const PLACES = { path: "path", query: "query", header: "header", cookie: "cookie" };

export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Words with `code` in them.
export function words(text, name = "span") {
  const made = element(name);
  for (const [i, part] of text.split("`").entries()) made.append(i % 2 ? element("code", null, part) : part);
  return made;
}

// Paragraphs, and lists of lines that begin with a star.
export function prose(text) {
  return (text ?? "").split(/\n\n+/).filter(Boolean).map((block) => {
    const lines = block.split("\n");
    if (!lines.every((line) => line.startsWith("* "))) return words(block, "p");
    return element("ul", null, ...lines.map((line) => words(line.slice(2), "li")));
  });
}

export function opened(path, method, operation, all) {
  const parts = [...prose(operation.description), keyLine(operation)];
  const parameters = operation.parameters ?? [];
  if (parameters.length) parts.push(element("h4", null, "Parameters"), list(parameters.map((each) => parameter(each, all))));
  for (const [type, media] of Object.entries(operation.requestBody?.content ?? {})) {
    const isOptional = operation.requestBody.required === false;
    parts.push(element("h4", null, "Body ", note(`${type}${isOptional ? ", may be left out" : ""}`)));
    parts.push(...form(media.schema, all));
    if (type === "application/json") parts.push(element("h4", null, "Example"), code(json(exampleOf(media, all))));
  }
  parts.push(element("h4", null, "Answers"), ...answers(operation.responses, all));
  parts.push(element("h4", null, "Try it"), command(path, method, operation, all));
  return parts;
}

function keyLine(operation) {
  const names = (operation.security ?? []).map((each) => Object.keys(each)[0] ?? "none");
  const said = names.map((name) => KEY_NAMES[name] ?? "nothing, in some cases").join(", or ");
  return element("p", { class: "key" }, names.length ? `Needs ${said}.` : "Needs no key.");
}

const note = (text) => element("small", null, text);
const list = (items) => element("ul", { class: "fields" }, ...items);
const code = (text) => element("pre", { tabindex: "0" }, element("code", null, text));
const json = (value) => JSON.stringify(value, null, 2);
const exampleOf = (media, all) => (media.example !== undefined ? media.example : sample(media.schema ?? {}, all));

function parameter(each, all) {
  return field(each.name, each.schema ?? {}, each.required, all, { place: PLACES[each.in], about: each.description });
}

function field(name, schema, isRequired, all, { place, about, depth = 0 } = {}) {
  const head = [element("code", { class: "name" }, name)];
  if (isRequired) head.push(element("b", { class: "required" }, "required"));
  const type = element("span", { class: "type" }, typeOf(schema, all));
  const said = [place, limits(schema, all)].filter(Boolean).join(", ");
  const made = element("li", null, ...head, " ", type, ...(said ? [" ", note(said)] : []));
  const told = about ?? find(schema, all).description;
  if (told) made.append(...prose(told));
  made.append(...inner(schema, all, depth + 1));
  return made;
}

// The fields of what a field holds, closed at first.
function inner(schema, all, depth) {
  const found = fieldsOf(schema, all);
  const several = options(found).each.filter((each) => find(each, all).properties);
  if (depth > DEEPEST || (!Object.keys(found.properties ?? {}).length && !several.length)) return [];
  const plain = find(schema, all);
  const name = nameOf(schema) || nameOf(options(plain).each[0]) || nameOf(plain.items) || "fields";
  const made = element("details", { class: "inner" }, element("summary", null, name));
  made.addEventListener("toggle", () => made.append(...form(schema, all, depth)), { once: true });
  return [made];
}

function form(schema, all, depth = 0) {
  const found = fieldsOf(schema ?? {}, all);
  const made = Object.entries(found.properties ?? {}).map(([name, each]) =>
    field(name, each, found.required?.includes(name), all, { depth }),
  );
  const about = depth === 0 ? [words(`${typeOf(schema, all)} ${limits(schema, all)}`.trim(), "small")] : [];
  const parts = made.length ? [list(made)] : about;
  const several = options(found).each.filter((each) => find(each, all).properties);
  if (several.length < 2) return parts;
  const kinds = several.map((each) => {
    const about = find(each, all).description;
    const head = element("summary", null, nameOf(each) || "another", " ", ...(about ? [words(about, "small")] : []));
    return element("details", { class: "inner" }, head, ...form({ ...find(each, all) }, all, depth + 1));
  });
  return [...(made.length ? parts : []), element("p", null, "One of:"), ...kinds];
}

function answers(responses, all) {
  const isLast = (status) => (status === "default" ? "999" : status);
  return Object.entries(responses).sort(([a], [b]) => isLast(a).localeCompare(isLast(b))).map(([status, answer]) => {
    const kind = status < "300" ? "good" : status < "400" ? "" : "bad";
    const [type, media] = Object.entries(answer.content ?? {})[0] ?? [];
    const first = answer.description.split("\n")[0];
    const isList = first.startsWith("* ");
    const head = element("summary", null, element("b", { class: `status ${kind}` }, status), " ");
    head.append(isList ? reasons(answer.description) : words(first));
    const parts = isList ? prose(answer.description) : prose(answer.description.split("\n").slice(1).join("\n"));
    for (const [name, header] of Object.entries(answer.headers ?? {})) {
      parts.push(element("p", null, element("code", null, name), " ", words(header.description ?? "")));
    }
    if (media?.schema !== undefined) parts.push(note(type), ...form(media.schema, all));
    if (media?.example !== undefined) parts.push(code(typeof media.example === "string" ? media.example : json(media.example)));
    return element("details", { class: "answer" }, head, ...(parts.length ? parts : [note("No body.")]));
  });
}

const reasons = (text) => element("span", null, [...text.matchAll(/^\* `(\w+)`/gm)].map((each) => each[1]).join(", "));

function command(path, method, operation, all) {
  const text = curl(path, method, operation, all);
  const box = element("div", { class: "command" }, code(text));
  if (navigator.clipboard) {
    const button = element("button", { type: "button" }, "Copy");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    });
    box.append(button);
  }
  return box;
}

export function curl(path, method, operation, all) {
  const parameters = operation.parameters ?? [];
  const variable = (name) => `$${VARIABLES[name] ?? name.replace(/\W/g, "_").toUpperCase()}`;
  const valueOf = (each) => (each.example === undefined ? variable(each.name) : encodeURIComponent(each.example));
  let url = location.origin + path;
  for (const each of parameters.filter((one) => one.in === "path")) url = url.replace(`{${each.name}}`, valueOf(each));
  const query = parameters.filter((each) => each.in === "query" && (each.required || each.example !== undefined));
  if (query.length) url += `?${query.map((each) => `${each.name}=${valueOf(each)}`).join("&")}`;
  const lines = [`curl${method === "get" ? "" : ` -X ${method.toUpperCase()}`} "${url}"`];
  const key = Object.keys(operation.security?.[0] ?? {})[0];
  if (key) lines.push(`-H "authorization: ${key === "BearerAuth" ? "Bearer " : ""}$${KEYS[key] ?? "KEY"}"`);
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (type === "application/json") {
    const body = JSON.stringify(exampleOf(media, all)).replaceAll("'", "'\\''");
    lines.push(`-H "content-type: application/json"`, `-d '${body}'`);
  } else if (type === "multipart/form-data") {
    const fields = Object.keys(find(media.schema, all).properties ?? {}).filter((each) => media.schema.required?.includes(each));
    lines.push(...fields.map((each) => (each === "file" ? `-F "file=@$FILE"` : `-F "${each}=${variable(each)}"`)));
  }
  if (Object.values(operation.responses).some((each) => each.content?.["text/event-stream"])) lines[0] += " -N";
  return lines.join(" \\\n  ");
}
