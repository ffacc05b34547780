// The reference page: lists what the OpenAPI document holds. Knows no route by name.
const METHODS = ["get", "post", "put", "patch", "delete"];
const main = document.getElementById("operations");
const search = document.getElementById("search");

function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

function resolved(schema, all, depth = 0) {
  if (schema === null || typeof schema !== "object") return schema;
  if (Array.isArray(schema)) return schema.map((each) => resolved(each, all, depth));
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return depth > 3 ? name : resolved(all[name] ?? name, all, depth + 1);
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolved(value, all, depth)]));
}

function described(path, method, operation, schemas) {
  const head = element("summary", element("b", method.toUpperCase()), element("code", path), " ");
  head.append(element("span", operation.summary ?? ""));
  const parts = { parameters: operation.parameters, body: operation.requestBody?.content, answers: operation.responses };
  const text = JSON.stringify(resolved(parts, schemas), null, 2);
  const made = element("details", head, element("p", operation.description ?? ""), element("pre", text));
  made.dataset.words = `${path} ${method} ${operation.summary ?? ""}`.toLowerCase();
  return made;
}

function show(api) {
  const byTag = new Map();
  for (const [path, operations] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((each) => operations[each])) {
      const operation = operations[method];
      const tag = operation.tags?.[0] ?? "Other";
      const made = described(path, method, operation, api.components?.schemas ?? {});
      byTag.set(tag, [...(byTag.get(tag) ?? []), made]);
    }
  }
  main.replaceChildren(...[...byTag].map(([tag, made]) => element("section", element("h2", tag), ...made)));
}

search.addEventListener("input", () => {
  const wanted = search.value.trim().toLowerCase();
  for (const each of main.querySelectorAll("details")) each.hidden = !each.dataset.words.includes(wanted);
  for (const each of main.querySelectorAll("section")) {
    each.hidden = ![...each.querySelectorAll("details")].some((one) => !one.hidden);
  }
});

const answer = await fetch("/openapi.json");
if (answer.ok) show(await answer.json());
else main.textContent = "The document cannot be read now. Load the page again.";
