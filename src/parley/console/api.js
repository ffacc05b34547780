// The reference page: lists what the OpenAPI document holds, by group, and opens what is asked for. Knows no route.
import { element, opened, prose, words } from "./operation.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const main = document.getElementById("operations");
const search = document.getElementById("search");
const groups = document.getElementById("groups");
const count = document.getElementById("count");

const slug = (name) => `group-${name.toLowerCase().replace(/\W+/g, "-")}`;

function listed(path, method, operation, all) {
  const link = element("span", { class: "summary" });
  link.append(words(operation.summary ?? ""));
  const head = element("summary", null, element("b", { class: `method ${method}` }, method.toUpperCase()));
  head.append(element("code", null, path), " ", link);
  const made = element("details", { class: "operation", id: operation.operationId }, head);
  made.addEventListener("toggle", () => made.append(element("div", { class: "opened" }, ...opened(path, method, operation, all))), {
    once: true,
  });
  made.addEventListener("toggle", () => {
    if (made.open) history.replaceState(null, "", `#${encodeURIComponent(made.id)}`);
  });
  const told = [path, method, operation.summary, operation.description, operation.operationId];
  made.dataset.words = told.filter(Boolean).join(" ").toLowerCase();
  return made;
}

function show(api) {
  const all = api.components?.schemas ?? {};
  const byTag = new Map((api.tags ?? []).map((tag) => [tag.name, { about: tag.description, made: [] }]));
  for (const [path, operations] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((each) => operations[each])) {
      const tag = operations[method].tags?.[0] ?? "Other";
      if (!byTag.has(tag)) byTag.set(tag, { made: [] });
      byTag.get(tag).made.push(listed(path, method, operations[method], all));
    }
  }
  document.getElementById("version").textContent = api.info.version;
  document.getElementById("about").replaceChildren(...prose(api.info.description));
  groups.replaceChildren(...[...byTag.keys()].map((tag) => element("a", { href: `#${slug(tag)}` }, tag)));
  const sections = [...byTag].map(([tag, { about, made }]) =>
    element("section", { "aria-labelledby": slug(tag) }, element("h2", { id: slug(tag) }, tag), ...prose(about), ...made),
  );
  main.replaceChildren(...sections);
  main.setAttribute("aria-busy", "false");
  openNamed();
}

function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named?.matches("details")) named.open = true;
  named?.scrollIntoView();
}

search.addEventListener("input", () => {
  const wanted = search.value.trim().toLowerCase().split(/\s+/);
  let found = 0;
  for (const section of main.querySelectorAll("section")) {
    const each = [...section.querySelectorAll(".operation")];
    for (const one of each) one.hidden = !wanted.every((word) => one.dataset.words.includes(word));
    const shown = each.filter((one) => !one.hidden).length;
    section.hidden = !shown;
    found += shown;
  }
  count.textContent = search.value.trim() ? `${found} found` : "";
});
window.addEventListener("hashchange", openNamed);

const answer = await fetch("/openapi.json").catch(() => null);
if (answer?.ok) show(await answer.json());
else main.textContent = "The document cannot be read now. Load the page again.";
