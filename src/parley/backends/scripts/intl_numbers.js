// Numbers and plurals, as `Intl` says them.
const pluralOf = (locale, number, shown) => {
  const language = locale.split('-')[0],
    n = Math.abs(number),
    [whole, fraction = ''] = (shown ?? String(n)).split('.');
  const i = Number(whole),
    v = fraction.length,
    ten = i % 10,
    hundred = i % 100;
  const slavic = v
    ? 'other'
    : ten === 1 && hundred !== 11
      ? 'one'
      : ten >= 2 && ten <= 4 && (hundred < 12 || hundred > 14)
        ? 'few'
        : 'many';
  switch (language) {
    case 'ja':
    case 'ko':
    case 'zh':
      return 'other';
    case 'fr':
      return i === 0 || i === 1 ? 'one' : i !== 0 && i % 1e6 === 0 && !v ? 'many' : 'other';
    case 'pt':
      if (locale !== 'pt-PT') return i === 0 || i === 1 ? 'one' : i % 1e6 === 0 && !v ? 'many' : 'other';
    // falls through
    case 'it':
      return i === 1 && !v ? 'one' : i !== 0 && i % 1e6 === 0 && !v ? 'many' : 'other';
    case 'es':
      return n === 1 ? 'one' : i !== 0 && i % 1e6 === 0 && !v ? 'many' : 'other';
    case 'da':
      return n === 1 || (v && i <= 1 && Number(fraction)) ? 'one' : 'other';
    case 'nb':
    case 'no':
    case 'tr':
      return n === 1 ? 'one' : 'other';
    case 'ru':
    case 'uk':
      return slavic;
    case 'pl':
      return v ? 'other' : i === 1 ? 'one' : slavic === 'few' ? 'few' : 'many';
    case 'cs':
      return v ? 'many' : i === 1 ? 'one' : i >= 2 && i <= 4 ? 'few' : 'other';
    default:
      return i === 1 && !v ? 'one' : 'other';
  }
};

const DECIMALS = {
  JPY: 0,
  KRW: 0,
  VND: 0,
  CLP: 0,
  PYG: 0,
  ISK: 0,
  UGX: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  RWF: 0,
  KMF: 0,
  GNF: 0,
  DJF: 0,
  BIF: 0,
  VUV: 0,
  KWD: 3,
  BHD: 3,
  JOD: 3,
  OMR: 3,
  TND: 3,
  IQD: 3,
  LYD: 3,
};
const long = (digits) => {
  // no exponent: 1.2e-7 and 1e+21 written out
  const found = /^([0-9]+)(?:\.([0-9]+))?e([+-][0-9]+)$/.exec(digits);
  if (!found) return digits;
  const [, whole, fraction = '', exponent] = found,
    all = whole + fraction,
    point = whole.length + Number(exponent);
  if (point <= 0) return `0.${'0'.repeat(-point)}${all}`;
  return point >= all.length ? all.padEnd(point, '0') : `${all.slice(0, point)}.${all.slice(point)}`;
};
const trimmed = (digits, least) => {
  if (!digits.includes('.')) return least ? `${digits}.${'0'.repeat(least)}` : digits;
  let [whole, fraction] = digits.split('.');
  while (fraction.length > least && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  fraction = fraction.padEnd(least, '0');
  return fraction ? `${whole}.${fraction}` : whole;
};
// Rounds what a number is written as, half away from zero, to so many places after the point (before it: negative).
const rounded = (n, places) => {
  let [whole, fraction = ''] = long(String(n)).split('.');
  if (fraction.length <= places) return fraction ? `${whole}.${fraction}` : whole;
  let all = whole + fraction,
    kept = whole.length + places;
  if (kept < 0) return '0';
  const up = all[kept] >= '5',
    digits = all.slice(0, kept).split('');
  let i = kept - 1;
  for (; up && i >= 0 && digits[i] === '9'; i--) digits[i] = '0';
  if (up) {
    if (i >= 0) digits[i] = String(Number(digits[i]) + 1);
    else digits.unshift('1');
  }
  all = digits.join('') + '0'.repeat(Math.max(0, -places));
  const point = all.length - Math.max(0, places);
  return places > 0 ? `${all.slice(0, point) || '0'}.${all.slice(point)}` : all || '0';
};
const sizeOf = (digits) => {
  // of a number that is written out: digits before the point, less zeros after it
  const [whole, fraction = ''] = digits.split('.');
  return whole === '0' ? -/^0*/.exec(fraction)[0].length : whole.length;
};
const significant = (n, least, most) => {
  if (n === 0) return trimmed('0', least - 1);
  const digits = rounded(n, most - sizeOf(long(String(n))));
  return trimmed(digits, Math.max(0, least - sizeOf(digits)));
};

class Numbers {
  constructor(locales, given) {
    const options = plainOptions(given),
      [locale, data] = resolved(locales);
    const style = chosen(options, 'style', ['decimal', 'percent', 'currency', 'unit'], 'decimal');
    const currency = chosen(options, 'currency')?.toUpperCase();
    if (currency !== undefined && !/^[A-Z]{3}$/.test(currency))
      throw new RangeError(`Invalid currency code : ${currency}`);
    if (style === 'currency' && currency === undefined)
      throw new TypeError('Currency code is required with currency style.');
    if (style === 'unit') throw new RangeError('Intl.NumberFormat: the style "unit" is not available here');
    const notation = chosen(options, 'notation', ['standard', 'compact', 'scientific', 'engineering'], 'standard');
    if (notation.endsWith('ic') || notation === 'engineering')
      throw new RangeError(`Intl.NumberFormat: the notation "${notation}" is not available here`);
    const compact = notation === 'compact',
      money = style === 'currency';
    const usual = money && !compact ? (DECIMALS[currency] ?? 2) : 0;
    const usualMost = money && !compact ? usual : style === 'percent' || compact ? 0 : 3;
    let least = digitsOf(options, 'minimumFractionDigits', 0, 100),
      most = digitsOf(options, 'maximumFractionDigits', 0, 100);
    const leastAll = digitsOf(options, 'minimumSignificantDigits', 1, 21),
      mostAll = digitsOf(options, 'maximumSignificantDigits', 1, 21);
    const isRounded = least !== undefined || most !== undefined;
    if (least !== undefined && most !== undefined && least > most)
      throw new RangeError('maximumFractionDigits value is out of range.');
    if (least === undefined) least = Math.min(usual, most ?? usual);
    if (most === undefined) most = Math.max(usualMost, least);
    const grouping =
      options.useGrouping === undefined || options.useGrouping === 'true' || options.useGrouping === true
        ? options.useGrouping === true
          ? 'always'
          : compact
            ? 'min2'
            : 'auto'
        : options.useGrouping
          ? String(options.useGrouping)
          : 'false';
    this._ = {
      locale,
      data: data.numbers,
      style,
      currency,
      notation,
      least,
      most,
      grouping,
      isRounded,
      leastAll: leastAll ?? (mostAll === undefined ? undefined : 1),
      mostAll: mostAll ?? (leastAll === undefined ? undefined : 21),
      integers: digitsOf(options, 'minimumIntegerDigits', 1, 21, 1),
      display: chosen(options, 'currencyDisplay', ['symbol', 'narrowSymbol', 'code', 'name'], 'symbol'),
      accounting: chosen(options, 'currencySign', ['standard', 'accounting'], 'standard') === 'accounting',
      compactDisplay: chosen(options, 'compactDisplay', ['short', 'long'], 'short'),
      sign: chosen(options, 'signDisplay', ['auto', 'never', 'always', 'exceptZero', 'negative'], 'auto'),
    };
  }
  formatToParts(value) {
    const { data, style, notation, sign } = this._;
    const n = typeof value === 'bigint' ? value : Number(value);
    const isNegative = n < 0 || Object.is(n, -0);
    let amount = typeof n === 'bigint' ? (n < 0n ? -n : n) : Math.abs(n);
    if (style === 'percent')
      amount =
        typeof amount === 'bigint' ? amount * 100n : /[ef]/.test(String(amount)) ? amount * 100 : Number(`${amount}e2`);
    let shown,
      compact = '{n}';
    if (amount !== amount) shown = 'NaN';
    else if (amount === Infinity) shown = '∞';
    else if (notation === 'compact') [shown, compact] = this._compact(Number(amount));
    else shown = this._digits(amount);
    const isZero = !/[1-9∞]/.test(shown);
    const minus =
      isNegative && sign !== 'never' && !(isZero && (sign === 'exceptZero' || sign === 'negative')) && shown !== 'NaN';
    const plus =
      !minus &&
      sign !== 'never' &&
      (sign === 'always' || (sign === 'exceptZero' && !isZero && shown !== 'NaN')) &&
      !isNegative;
    return this._parts(shown, compact, minus, plus);
  }
  format(value) {
    return joined(this.formatToParts(value));
  }
  formatRange(from, to) {
    return `${this.format(from)} – ${this.format(to)}`;
  }
  resolvedOptions() {
    const {
      locale,
      style,
      currency,
      display,
      accounting,
      notation,
      compactDisplay,
      sign,
      grouping,
      integers,
      least,
      most,
      leastAll,
      mostAll,
    } = this._;
    return {
      locale,
      numberingSystem: 'latn',
      style,
      ...(style === 'currency' && {
        currency,
        currencyDisplay: display,
        currencySign: accounting ? 'accounting' : 'standard',
      }),
      minimumIntegerDigits: integers,
      ...(mostAll === undefined
        ? { minimumFractionDigits: least, maximumFractionDigits: most }
        : { minimumSignificantDigits: leastAll, maximumSignificantDigits: mostAll }),
      useGrouping: grouping === 'false' ? false : grouping,
      notation,
      ...(notation === 'compact' && { compactDisplay }),
      signDisplay: sign,
      roundingIncrement: 1,
      roundingMode: 'halfExpand',
      roundingPriority: 'auto',
      trailingZeroDisplay: 'auto',
    };
  }
  _digits(amount) {
    const { least, most, leastAll, mostAll, integers } = this._;
    let digits;
    if (typeof amount === 'bigint') digits = trimmed(String(amount), least);
    else if (mostAll !== undefined) digits = significant(amount, leastAll, mostAll);
    else digits = trimmed(rounded(amount, most), least);
    const [whole, fraction] = digits.split('.');
    return whole.padStart(integers, '0') + (fraction === undefined ? '' : `.${fraction}`);
  }
  _compact(amount) {
    const { data, locale, compactDisplay, mostAll, isRounded } = this._;
    const digitsOf = (n) =>
      mostAll !== undefined || isRounded ? this._digits(n) : n < 100 ? significant(n, 1, 2) : rounded(n, 0);
    let power = amount < 1000 ? -1 : Math.min(11, Math.floor(Math.log10(amount) + 1e-12) - 3);
    for (;;) {
      const row = power < 0 ? ['{n}', 0] : data.compact[compactDisplay][power];
      const digits = row[1],
        step = power < 0 ? 0 : power + 4 - digits;
      const shown = digitsOf(/e/.test(String(amount)) ? amount / 10 ** step : Number(`${amount}e-${step}`));
      const before = shown.split('.')[0].length;
      if (before > Math.max(digits, power < 0 ? 3 : 0) && power < 11) {
        power += 1;
        continue;
      }
      const category = pluralOf(locale, Number(shown), shown);
      return [
        shown,
        typeof row[0] === 'string' ? row[0] : (row[0][['one', 'few', 'many', 'other'].indexOf(category)] ?? row[0][3]),
      ];
    }
  }
  _parts(shown, compact, minus, plus) {
    const { data, style, currency, display, accounting } = this._;
    let shape =
      style === 'percent'
        ? minus || plus
          ? data.percentMinus
          : data.percent
        : style === 'currency'
          ? accounting
            ? data.accountPlus
            : data.money
          : `${minus || plus ? '{-}' : ''}{n}`;
    let symbol = currency;
    if (style === 'currency') {
      if (display === 'symbol') symbol = data.symbols[currency] ?? currency;
      if (display === 'narrowSymbol') symbol = data.narrow[currency] ?? data.symbols[currency] ?? currency;
      if (minus || plus) shape = minus && accounting ? data.account : data.moneyMinus;
      const apart = /\p{L}$/u.test(symbol) && /^[0-9]/.test(shown) ? '\u00a0' : '';
      shape = shape.replace('{c}{n}', `{c}${apart}{n}`);
    }
    const parts = [];
    for (const [, token, text] of shape.replace('{n}', compact).matchAll(/\{([^}]+)\}|([^{]+)/g)) {
      if (text !== undefined) parts.push({ type: 'literal', value: text });
      else if (token === 'n') parts.push(...this._number(shown));
      else if (token === 'c') parts.push({ type: 'currency', value: symbol });
      else if (token === '%') parts.push({ type: 'percentSign', value: data.sign });
      else if (token === '-')
        parts.push(plus ? { type: 'plusSign', value: '+' } : { type: 'minusSign', value: data.minus });
      else parts.push({ type: 'compact', value: token.slice(2) });
    }
    return parts;
  }
  _number(shown) {
    if (shown === 'NaN') return [{ type: 'nan', value: shown }];
    if (shown === '∞') return [{ type: 'infinity', value: shown }];
    const { data, grouping, style, accounting } = this._;
    const money = style === 'currency',
      group = (money ? data.moneyGroup : undefined) ?? data.group;
    const [whole, fraction] = shown.split('.'),
      least = grouping === 'always' ? 1 : grouping === 'min2' ? 2 : data.least;
    const groups = [];
    let rest = whole;
    if (grouping !== 'false' && group && whole.length >= 3 + least) {
      for (
        let size = 3;
        rest.length > size || (!groups.length && rest.length > 3);
        size = (money && accounting ? data.lakhAccount : data.lakh) ? 2 : 3
      ) {
        groups.unshift(rest.slice(-size));
        rest = rest.slice(0, -size);
      }
    }
    if (rest) groups.unshift(rest);
    const parts = [];
    for (const each of groups) {
      if (parts.length) parts.push({ type: 'group', value: group });
      parts.push({ type: 'integer', value: each });
    }
    if (fraction !== undefined)
      parts.push(
        { type: 'decimal', value: money ? data.moneyDecimal : data.decimal },
        { type: 'fraction', value: fraction },
      );
    return parts;
  }
}

says(Intl, { NumberFormat: service('NumberFormat', Numbers, 'format') });
says(Number.prototype, {
  toLocaleString(locales, options) {
    return new Numbers(locales, options).format(Number(this));
  },
});
if (typeof BigInt === 'function') {
  says(BigInt.prototype, {
    toLocaleString(locales, options) {
      return new Numbers(locales, options).format(BigInt(this));
    },
  });
}
