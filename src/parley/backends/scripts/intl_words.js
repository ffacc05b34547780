// Plurals, relative times, lists and the order of words, as `Intl` has them. Reads what the numbers define.
const ordinalOf = (locale, n) => {
  const ten = n % 10,
    hundred = n % 100;
  switch (locale.split('-')[0]) {
    case 'en':
      return ten === 1 && hundred !== 11
        ? 'one'
        : ten === 2 && hundred !== 12
          ? 'two'
          : ten === 3 && hundred !== 13
            ? 'few'
            : 'other';
    case 'fr':
      return n === 1 ? 'one' : 'other';
    case 'it':
      return [8, 11, 80, 800].includes(n) ? 'many' : 'other';
    case 'sv':
      return (ten === 1 || ten === 2) && hundred !== 11 && hundred !== 12 ? 'one' : 'other';
    case 'uk':
      return ten === 3 && hundred !== 13 ? 'few' : 'other';
    default:
      return 'other';
  }
};

class Plurals {
  constructor(locales, given) {
    const options = plainOptions(given);
    [this._locale] = resolved(locales);
    this._type = chosen(options, 'type', ['cardinal', 'ordinal'], 'cardinal');
    this._numbers = new Numbers('en-US', { ...options, style: 'decimal', notation: 'standard', useGrouping: false });
  }
  select(n) {
    n = Number(n);
    return this._type === 'ordinal'
      ? ordinalOf(this._locale, Math.abs(n))
      : pluralOf(this._locale, n, this._numbers.format(Math.abs(n)));
  }
  resolvedOptions() {
    return { locale: this._locale, type: this._type };
  }
}

class Relative {
  constructor(locales, given) {
    const options = plainOptions(given);
    [this._locale, this._data] = resolved(locales);
    this._auto = chosen(options, 'numeric', ['always', 'auto'], 'always') === 'auto';
    chosen(options, 'style', ['long', 'short', 'narrow']);
    this._numbers = new Numbers(this._locale);
  }
  format(value, unit) {
    const n = Number(value),
      ways = this._data.relative[String(unit).replace(/s$/, '')];
    if (!Number.isFinite(n)) throw new RangeError('Invalid time value');
    if (!ways) throw new RangeError(`Invalid unit argument for format() '${unit}'`);
    if (this._auto && own(ways[2], String(n))) return ways[2][String(n)];
    const way = ways[n < 0 || Object.is(n, -0) ? 0 : 1],
      shown = this._numbers.format(Math.abs(n));
    return (way[pluralOf(this._locale, n)] ?? way.other ?? Object.values(way).at(-1)).replace('{0}', shown);
  }
  resolvedOptions() {
    return { locale: this._locale, style: 'long', numeric: this._auto ? 'auto' : 'always', numberingSystem: 'latn' };
  }
}

class Lists {
  constructor(locales, given) {
    const options = plainOptions(given);
    [this._locale, this._data] = resolved(locales);
    this._type = chosen(options, 'type', ['conjunction', 'disjunction', 'unit'], 'conjunction');
    chosen(options, 'style', ['long', 'short', 'narrow']);
  }
  format(list) {
    const items = [...(list ?? [])].map((item) => {
      if (typeof item !== 'string') throw new TypeError('Iterable yielded a non-String value');
      return item;
    });
    const [pair, inner, last] = this._type === 'unit' ? [', ', ', ', ', '] : this._data.lists[this._type];
    if (items.length < 3) return items.join(pair);
    return items.slice(0, -1).join(inner) + last + items.at(-1);
  }
  resolvedOptions() {
    return { locale: this._locale, type: this._type, style: 'long' };
  }
}

class Order {
  constructor(locales, given) {
    const options = plainOptions(given);
    [this._locale] = resolved(locales);
    this._numeric = Boolean(options.numeric);
    this._sensitivity = chosen(options, 'sensitivity', ['base', 'accent', 'case', 'variant'], 'variant');
  }
  compare(left, right) {
    const a = String(left).normalize('NFD'),
      b = String(right).normalize('NFD'),
      s = this._sensitivity;
    const base = (text) => text.replace(/\p{M}/gu, '').toLowerCase();
    const first = this._in(base(a), base(b));
    if (first || s === 'base') return first;
    const accents = s === 'case' ? 0 : this._plain(a.toLowerCase(), b.toLowerCase());
    return accents || (s === 'accent' ? 0 : -this._plain(a, b));
  }
  resolvedOptions() {
    return { locale: this._locale, usage: 'sort', sensitivity: this._sensitivity, numeric: this._numeric };
  }
  _in(a, b) {
    if (!this._numeric) return this._plain(a, b);
    const [left, right] = [a, b].map((text) => text.match(/[0-9]+|[^0-9]+/g) ?? []);
    for (let i = 0; i < left.length && i < right.length; i++) {
      const found =
        /^[0-9]/.test(left[i]) && /^[0-9]/.test(right[i])
          ? Math.sign(left[i] - right[i])
          : this._plain(left[i], right[i]);
      if (found) return found;
    }
    return Math.sign(left.length - right.length);
  }
  _plain(a, b) {
    // letters come after everything else
    const [left, right] = [a, b].map((text) => [...text]);
    for (let i = 0; i < left.length && i < right.length; i++) {
      if (left[i] === right[i]) continue;
      const [x, y] = [left[i], right[i]].map((c) => (/\p{L}/u.test(c) ? 2 : /\p{N}/u.test(c) ? 1 : 0));
      return x !== y ? Math.sign(x - y) : left[i] < right[i] ? -1 : 1;
    }
    return Math.sign(left.length - right.length);
  }
}

says(Intl, {
  PluralRules: service('PluralRules', Plurals),
  RelativeTimeFormat: service('RelativeTimeFormat', Relative),
  ListFormat: service('ListFormat', Lists),
  Collator: service('Collator', Order, 'compare'),
});
