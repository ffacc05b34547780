// What all of `Intl` stands on: options, locales, and how its services are made. Reads `LOCALES`: tag -> what
// locales.txt has of it, as JSON.
const own = (object, key) => Object.prototype.hasOwnProperty.call(object, key);
const plainOptions = (given) => {
  if (given === null) throw new TypeError('Cannot convert null to object');
  return given === undefined ? {} : Object(given);
};
const chosen = (options, name, values, otherwise) => {
  const value = options[name];
  if (value === undefined) return otherwise;
  const text = String(value);
  if (values && !values.includes(text))
    throw new RangeError(`Value ${text} out of range for Intl options property ${name}`);
  return text;
};
const digitsOf = (options, name, least, most, otherwise) => {
  const value = options[name];
  if (value === undefined) return otherwise;
  const number = Number(value);
  if (!(number >= least && number <= most)) throw new RangeError(`${name} value is out of range.`);
  return Math.floor(number);
};
const canonical = (tag) => {
  if (typeof tag !== 'string' && typeof tag !== 'object') throw new TypeError('Incorrect locale information provided');
  const found = /^([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?((?:-[a-z0-9]{1,8})*)$/i.exec(String(tag));
  if (!found) throw new RangeError(`Incorrect locale information provided`);
  const [, language, script, region] = found;
  return [
    language.toLowerCase(),
    script && script[0].toUpperCase() + script.slice(1).toLowerCase(),
    region?.toUpperCase(),
  ];
};
const tagsOf = (locales) =>
  locales === undefined
    ? []
    : (Array.isArray(locales) ? locales : [locales]).map((tag) => canonical(tag).filter(Boolean).join('-'));
const dataOf = (tag) => {
  const [language, , region] = canonical(tag);
  const name = own(LOCALES, `${language}-${region}`)
    ? `${language}-${region}`
    : Object.keys(LOCALES).find((known) => known.startsWith(`${language}-`));
  if (name === undefined) return undefined;
  if (typeof LOCALES[name] === 'string') LOCALES[name] = JSON.parse(LOCALES[name]);
  return LOCALES[name];
};
const resolved = (locales) => {
  for (const tag of tagsOf(locales)) {
    const data = dataOf(tag);
    if (data) return [tag, data];
  }
  return ['en-US', dataOf('en-US')];
};
const supported = (locales) => tagsOf(locales).filter((tag) => dataOf(tag));
const joined = (parts) => {
  let said = '';
  for (const { value } of parts) said += value;
  return said;
};
// A class that, like those of `Intl`, may be called without `new`, and whose `format` is bound to its object.
const service = (name, kind, bound) => {
  const made = function (locales, options) {
    return new kind(locales, options);
  };
  Object.defineProperty(made, 'name', { value: name });
  made.prototype = kind.prototype;
  Object.defineProperty(kind.prototype, 'constructor', { value: made, writable: true, configurable: true });
  Object.defineProperty(kind.prototype, Symbol.toStringTag, { value: `Intl.${name}`, configurable: true });
  made.supportedLocalesOf = supported;
  if (bound) {
    const work = kind.prototype[bound];
    Object.defineProperty(kind.prototype, bound, {
      configurable: true,
      get() {
        return work.bind(this);
      },
    });
  }
  return made;
};
const says = (target, methods) => {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(target, name, { value, writable: true, configurable: true });
  }
};
const Intl = {};
says(globalThis, { Intl });
Object.defineProperty(Intl, Symbol.toStringTag, { value: 'Intl', configurable: true });
says(Intl, {
  getCanonicalLocales: (locales) => tagsOf(locales),
  supportedValuesOf: (key) =>
    key === 'timeZone'
      ? ZONES.trim()
          .split('\n')
          .map((line) => line.split('=')[0])
      : [],
});
says(Array.prototype, {
  toLocaleString(locales, options) {
    return [...this]
      .map((item) => (item === null || item === undefined ? '' : item.toLocaleString(locales, options)))
      .join(',');
  },
});
