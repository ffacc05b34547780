// JSON schemas as people read them, and a value that fits one. Knows no page and no route.
const DEEPEST = 5;
const PATTERNS = {
  "\\S": "not blank",
  "^[^\\x00-\\x1f\\x7f]*$": "no control characters",
  "^[ -~]+$": "printable ASCII",
};

export function find(schema, all) {
  if (schema === null || typeof schema !== "object") return {};
  if (!schema.$ref) return schema;
  const { $ref, ...beside } = schema;
  const found = find(all[$ref.split("/").pop()] ?? {}, all);
  return found.properties && beside.properties
    ? { ...found, ...beside, properties: { ...found.properties, ...beside.properties } }
    : { ...found, ...beside };
}

export const nameOf = (schema) => schema?.$ref?.split("/").pop() ?? schema?.title ?? "";

// The alternatives of a schema without null, and whether null is one.
export function options(schema) {
  const each = schema.anyOf ?? schema.oneOf ?? [];
  const isNull = (one) => one.type === "null";
  return { each: each.filter((one) => !isNull(one)), isNullable: each.some(isNull) };
}

export function typeOf(schema, all, depth = 0) {
  const found = find(schema, all);
  if ("const" in found) return JSON.stringify(found.const);
  if (found.enum) return found.enum.map((each) => JSON.stringify(each)).join(" | ");
  const { each, isNullable } = options(found);
  if (each.length && !found.properties) {
    const names = depth > 2 ? ["…"] : each.map((one) => typeOf(one, all, depth + 1));
    return [...new Set(names), ...(isNullable ? ["null"] : [])].join(" | ");
  }
  const types = [found.type ?? (found.properties ? "object" : "any")].flat();
  return types.map((type) => oneType(type, found, all, depth)).join(" | ");
}

function oneType(type, schema, all, depth) {
  if (type === "array") return `list of ${depth > 2 ? "…" : typeOf(schema.items ?? {}, all, depth + 1)}`;
  if (type !== "string" || !schema.format) return type;
  return schema.format === "binary" ? "file" : `${type} (${schema.format})`;
}

export function limits(schema, all) {
  const found = find(schema, all);
  const near = found.type || !found.anyOf ? found : { ...find(options(found).each[0] ?? {}, all), ...found };
  const said = [];
  const add = (key, words) => near[key] !== undefined && said.push(words(near[key]));
  add("minLength", (n) => (n === 1 ? "not empty" : `at least ${n} characters`));
  add("maxLength", (n) => `at most ${n} characters`);
  add("minimum", (n) => `from ${n}`);
  add("maximum", (n) => `up to ${n}`);
  add("minItems", (n) => `at least ${n}`);
  add("maxItems", (n) => `at most ${n}`);
  add("pattern", (text) => PATTERNS[text] ?? `matches ${text}`);
  add("default", (value) => `${JSON.stringify(value)} by default`);
  if (near.additionalProperties === false) said.push("no other fields");
  return said.join(", ");
}

// The schema whose fields a value has: of a list, those of its items.
export function fieldsOf(schema, all) {
  let found = find(schema, all);
  for (let depth = 0; depth < 4; depth += 1) {
    const only = options(found).each;
    if (found.properties) break;
    if ([found.type].flat().includes("array")) found = find(found.items ?? {}, all);
    else if (found.allOf?.length) found = merged(found, all);
    else if (only.length === 1) found = find(only[0], all);
    else break;
  }
  return found.allOf ? merged(found, all) : found;
}

function merged(schema, all) {
  const parts = [...schema.allOf.map((each) => find(each, all)), schema];
  const properties = Object.assign({}, ...parts.map((each) => each.properties ?? {}));
  return { ...schema, allOf: undefined, properties, required: parts.flatMap((each) => each.required ?? []) };
}

export function sample(schema, all, depth = 0) {
  const found = find(schema, all);
  if (found.example !== undefined) return found.example;
  if (found.examples?.length) return found.examples[0];
  if ("const" in found) return found.const;
  if (found.default !== undefined && found.default !== null) return found.default;
  if (found.enum) return found.enum[0];
  const { each } = options(found);
  if (each.length && !found.properties) return sample(each[0], all, depth);
  const fields = fieldsOf(found, all);
  switch ([found.type ?? (fields.properties ? "object" : "any")].flat()[0]) {
    case "object": {
      const wanted = depth > DEEPEST ? [] : (fields.required ?? []);
      return Object.fromEntries(wanted.map((name) => [name, sample(fields.properties?.[name] ?? {}, all, depth + 1)]));
    }
    case "array":
      return depth > DEEPEST || !found.minItems ? [] : [sample(found.items ?? {}, all, depth + 1)];
    case "integer":
    case "number":
      return found.minimum ?? 1;
    case "boolean":
      return true;
    case "string":
      return { "date-time": "2026-01-31T12:00:00Z", date: "2026-01-31", uuid: crypto.randomUUID?.() }[found.format] ?? "text";
    default:
      return null;
  }
}
