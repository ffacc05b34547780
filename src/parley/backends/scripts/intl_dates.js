// Dates and times, as `Intl` says them. Reads `ZONES` (lines `name=rule`, the rule as POSIX writes it) and `HISTORY`
// (name -> [times in seconds, offsets in seconds, the first one one more]), for what was before the rule held.
const Moment = Date,
  MINUTE = 60000,
  DAY = 86400000;
const zoneOf = (given) => {
  if (given === undefined) return 'UTC';
  const name = String(given);
  if (/^(utc|gmt|etc\/(utc|gmt|uct|zulu|greenwich))$/i.test(name)) return 'UTC';
  const fixed = /^([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?$/.exec(name);
  if (fixed) return `${fixed[1]}${fixed[2]}:${fixed[3] ?? '00'}`;
  const at = ZONES.toLowerCase().indexOf(`\n${name.toLowerCase()}=`);
  if (at < 0 || /[\n=]/.test(name)) throw new RangeError(`Invalid time zone specified: ${name}`);
  return ZONES.slice(at + 1, at + 1 + name.length);
};
const ruleOf = (zone) => {
  const at = ZONES.indexOf(`\n${zone}=`) + zone.length + 2;
  return ZONES.slice(at, ZONES.indexOf('\n', at));
};
const RULES = { __proto__: null };
const seconds = (text) => {
  // [+-]h[h][:mm[:ss]]
  const [, sign, h, m = 0, s = 0] = /^([+-]?)(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
  return (sign === '-' ? -1 : 1) * (h * 3600 + m * 60 + Number(s));
};
const parsed = (rule) => {
  const found = /^(?:<[^>]+>|[A-Za-z]+)([+-]?[\d:]+)(?:(?:<[^>]+>|[A-Za-z]+)([+-]?[\d:]+)?,([^,]+),(.+))?$/.exec(rule);
  if (!found) return { standard: 0 };
  const standard = -seconds(found[1]);
  if (!found[3]) return { standard };
  const turn = (text) => {
    const [day, time = '2'] = text.split('/'),
      [, m, w, d] = /^M(\d+)\.(\d)\.(\d)$/.exec(day) ?? [];
    return { m, w, d, j: /^J?(\d+)$/.exec(day)?.[1], time: seconds(time) };
  };
  return {
    standard,
    summer: found[2] ? -seconds(found[2]) : standard + 3600,
    from: turn(found[3]),
    to: turn(found[4]),
  };
};
const turnsAt = ({ m, w, d, j, time }, year) => {
  if (m === undefined) return Moment.UTC(year, 0, Number(j)) / 1000 + time;
  const first = new Moment(Moment.UTC(year, m - 1, 1)).getUTCDay(),
    days = new Moment(Moment.UTC(year, m, 0)).getUTCDate();
  let day = 1 + ((Number(d) - first + 7) % 7) + (w - 1) * 7;
  if (day > days) day -= 7;
  return Moment.UTC(year, m - 1, day) / 1000 + time;
};
// [seconds east of Greenwich, whether it is summer time]
const offsetAt = (zone, ms) => {
  if (zone === 'UTC') return [0, false];
  if (/^[+-]/.test(zone)) return [seconds(zone), false];
  const history = HISTORY[zone],
    at = Math.floor(ms / 1000),
    rule = (RULES[zone] ??= parsed(ruleOf(zone)));
  if (history && history[0].length && at < history[0].at(-1)) {
    let low = 0,
      high = history[0].length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (history[0][middle] <= at) low = middle + 1;
      else high = middle;
    }
    return [history[1][low], history[2][low] === 1];
  }
  if (rule.summer === undefined) return [rule.standard, false];
  const year = new Moment(ms + rule.standard * 1000).getUTCFullYear();
  const from = turnsAt(rule.from, year) - rule.standard,
    to = turnsAt(rule.to, year) - rule.summer;
  const summer = from < to ? at >= from && at < to : at >= from || at < to;
  // Where "summer" is earlier than the standard time (Ireland), the law's words are the other way round.
  return [summer ? rule.summer : rule.standard, summer === rule.summer > rule.standard];
};
const zoneName = (zone, ms, width, data) => {
  const [offset, summer] = offsetAt(zone, ms),
    isLong = width.startsWith('long');
  if (!width.endsWith('Offset') && zone === 'UTC') return data.zones.utc[isLong ? 1 : 0];
  if (!width.endsWith('Offset') && !/^[+-]/.test(zone)) {
    const rule = ruleOf(zone),
      like =
        Object.keys(data.zones.names).find((known) => known === zone) ??
        Object.keys(data.zones.names).find(
          (known) => ruleOf(known) === rule && known.split('/')[0] === zone.split('/')[0],
        );
    const name = data.zones.names[like]?.[(isLong ? 2 : 0) + (summer ? 1 : 0)];
    if (name) return name;
  }
  const [before, plus, minus, zero, longZero, point] = data.zones.offset,
    size = Math.abs(offset) / 60;
  if (!offset) return isLong ? longZero : zero;
  const hours = Math.floor(size / 60),
    minutes = Math.floor(size % 60),
    two = (n) => String(n).padStart(2, '0');
  return (
    before +
    (offset < 0 ? minus : plus) +
    (isLong ? two(hours) + point + two(minutes) : hours + (minutes ? point + two(minutes) : ''))
  );
};

const WIDTHS = {
  weekday: ['long', 'short', 'narrow'],
  year: ['numeric', '2-digit'],
  month: ['numeric', '2-digit', 'long', 'short', 'narrow'],
  day: ['numeric', '2-digit'],
  hour: ['numeric', '2-digit'],
  minute: ['numeric', '2-digit'],
  second: ['numeric', '2-digit'],
};
const DATE_PARTS = ['weekday', 'year', 'month', 'day'],
  TIME_PARTS = ['hour', 'minute', 'second'];
const STYLES = ['full', 'long', 'medium', 'short'];
const TYPES = {
  y: 'year',
  M: 'month',
  L: 'month',
  d: 'day',
  E: 'weekday',
  C: 'weekday',
  h: 'hour',
  H: 'hour',
  m: 'minute',
  s: 'second',
  a: 'dayPeriod',
  z: 'timeZoneName',
};

class Dates {
  constructor(locales, given, required = 'any', defaults = 'date') {
    const options = plainOptions(given),
      [locale, data] = resolved(locales),
      asked = {};
    for (const name of Object.keys(WIDTHS)) {
      const width = chosen(options, name, WIDTHS[name]);
      if (width) asked[name] = width;
    }
    const digits = digitsOf(options, 'fractionalSecondDigits', 1, 3),
      zoneWidth = chosen(options, 'timeZoneName', [
        'short',
        'long',
        'shortOffset',
        'longOffset',
        'shortGeneric',
        'longGeneric',
      ]);
    const dateStyle = chosen(options, 'dateStyle', STYLES),
      timeStyle = chosen(options, 'timeStyle', STYLES);
    const hour12 = options.hour12 === undefined ? undefined : Boolean(options.hour12);
    const hourCycle = chosen(options, 'hourCycle', ['h11', 'h12', 'h23', 'h24']);
    const cycle =
      hour12 !== undefined ? (hour12 ? 'h12' : 'h23') : hourCycle ? (hourCycle < 'h2' ? 'h12' : 'h23') : data.cycle;
    if (dateStyle || timeStyle) {
      if (Object.keys(asked).length || zoneWidth || digits)
        throw new TypeError(
          `Can't set option ${Object.keys(asked)[0] ?? 'timeZoneName'} when ${dateStyle ? 'dateStyle' : 'timeStyle'} is used`,
        );
      if (required === 'date' && timeStyle) throw new TypeError('Invalid option : timeStyle');
      if (required === 'time' && dateStyle) throw new TypeError('Invalid option : dateStyle');
    } else {
      const wanted =
        required === 'date' ? DATE_PARTS : required === 'time' ? TIME_PARTS : [...DATE_PARTS, ...TIME_PARTS];
      if (!wanted.some((name) => asked[name]) && !(digits && required !== 'date')) {
        if (defaults !== 'time') asked.year = asked.month = asked.day = 'numeric';
        if (defaults !== 'date') asked.hour = asked.minute = asked.second = 'numeric';
      }
    }
    this._ = { locale, data, asked, digits, zoneWidth, dateStyle, timeStyle, cycle, zone: zoneOf(options.timeZone) };
    this._.pattern = this._pattern();
  }
  formatToParts(date) {
    const ms = date === undefined ? Moment.now() : Number(date);
    if (!(Math.abs(ms) <= 8.64e15)) throw new RangeError('Invalid time value');
    const { pattern, data, zone, digits } = this._,
      local = new Moment(ms + offsetAt(zone, ms)[0] * 1000),
      parts = [];
    const two = (n) => String(n).padStart(2, '0'),
      hour = local.getUTCHours();
    for (const [, token, text] of pattern.matchAll(/\{([^}]+)\}|([^{]+)/g)) {
      const last = parts.at(-1);
      if (text !== undefined) {
        if (last?.type === 'literal') last.value += text;
        else parts.push({ type: 'literal', value: text });
        continue;
      }
      const letter = token[0],
        width = token.slice(1),
        year = local.getUTCFullYear();
      const names = (set) => set[token] ?? set[({ L: 'M', C: 'E' }[letter] ?? letter) + width];
      const number = {
        d: local.getUTCDate(),
        m: local.getUTCMinutes(),
        s: local.getUTCSeconds(),
        H: hour,
        h: hour % 12 || 12,
        M: local.getUTCMonth() + 1,
      }[letter];
      let value =
        width === '2' ? two(letter === 'y' ? Math.abs(year) % 100 : number) : String(letter === 'y' ? year : number);
      if ((letter === 'M' || letter === 'L') && width > 2) value = names(data.months)[local.getUTCMonth()];
      if (letter === 'E' || letter === 'C') value = names(data.days)[local.getUTCDay()];
      if (letter === 'a') value = data.periods[hour < 12 ? 0 : 1];
      if (letter === 'z')
        value = zoneName(zone, ms, this._.zoneWidth ?? (this._.timeStyle === 'full' ? 'long' : 'short'), data);
      parts.push({ type: TYPES[letter], value });
      if (letter === 's' && digits) {
        parts.push({ type: 'literal', value: data.numbers.decimal });
        parts.push({
          type: 'fractionalSecond',
          value: String(local.getUTCMilliseconds()).padStart(3, '0').slice(0, digits),
        });
      }
    }
    return parts;
  }
  // As in browsers: only the parts have the narrow space before AM and PM.
  format(date) {
    return joined(this.formatToParts(date)).replaceAll('\u202f', ' ');
  }
  formatRange(from, to) {
    const [a, b] = [this.format(from), this.format(to)];
    return a === b ? a : `${a} – ${b}`;
  }
  resolvedOptions() {
    const { locale, zone, asked, cycle, dateStyle, timeStyle, digits, zoneWidth, pattern } = this._;
    const shown = { ...asked },
      width = (letter) => (new RegExp(`\\{[${letter}]2\\}`).test(pattern) ? '2-digit' : 'numeric');
    for (const [name, letter] of [
      ['month', 'ML'],
      ['day', 'd'],
      ['hour', 'hH'],
      ['minute', 'm'],
      ['second', 's'],
    ]) {
      if (asked[name] === 'numeric' || asked[name] === '2-digit') shown[name] = width(letter);
    }
    return {
      locale,
      calendar: 'gregory',
      numberingSystem: 'latn',
      timeZone: zone,
      ...(asked.hour || timeStyle ? { hourCycle: cycle, hour12: cycle === 'h12' } : {}),
      ...shown,
      ...(digits && { fractionalSecondDigits: digits }),
      ...(zoneWidth && { timeZoneName: zoneWidth }),
      ...(dateStyle && { dateStyle }),
      ...(timeStyle && { timeStyle }),
    };
  }
  _pattern() {
    const { data, asked, dateStyle, timeStyle, zoneWidth, digits } = this._;
    if (dateStyle || timeStyle) {
      const date = dateStyle && data.styles.date[dateStyle],
        time = timeStyle && this._style(timeStyle);
      return date && time ? date + data.styles.join[dateStyle] + time : (date ?? time);
    }
    const [date, join] = this._date(asked);
    let time = this._time(asked);
    if (digits && !time.includes('{s')) time = time ? `${time}:{s2}` : '{s}';
    if (zoneWidth && !time.includes('{z}')) time = time ? `${time} {z}` : '{z}';
    return date && time ? date + (zoneWidth && time === '{z}' ? ', ' : join) + time : date || time;
  }
  _date(asked) {
    const { data } = this._,
      short = (width) => (width === 'narrow' ? 's' : (width?.[0] ?? '-'));
    const key = DATE_PARTS.map((name) => short(asked[name])).join('');
    if (key === '----') return ['', ''];
    const found = data.patterns[key] ?? data.patterns[key.replace(/^(.)2/, '$1n')];
    if (!found) {
      // what nobody writes: its parts, one after another
      const alone = DATE_PARTS.filter((name) => asked[name]).map((name) => this._date({ [name]: asked[name] })[0]);
      return [alone.join(' '), ', '];
    }
    let [pattern, join] = found.map((i) => data.texts[i]);
    if (asked.year === '2-digit') pattern = pattern.replace('{y}', '{y2}');
    if (asked.weekday === 'narrow') pattern = pattern.replace(/\{([EC])\d\}/, '{$15}');
    if (asked.month === 'narrow') pattern = pattern.replace(/\{([ML])[3-9]\}/, '{$15}');
    return [pattern, join];
  }
  _time(asked) {
    const { data, cycle, zoneWidth } = this._;
    if (!asked.hour)
      return asked.minute ? (asked.second ? data.times.ms : data.times.m) : asked.second ? data.times.s : '';
    const key = (m) =>
      `${cycle === 'h12' ? 'h' : 'H'}${asked.hour[0]}${m}${asked.second ? 3 : asked.minute ? 2 : 1}${zoneWidth ? 'z' : ''}`;
    return data.times[key(asked.minute?.[0] ?? 'n')] ?? data.times[key('n')];
  }
  _style(timeStyle) {
    const { data, cycle } = this._,
      usual = data.styles.time[timeStyle];
    if (cycle === data.cycle) return usual;
    return data.times[
      `${cycle === 'h12' ? 'h' : 'H'}nn${timeStyle === 'short' ? 2 : 3}${usual.includes('{z}') ? 'z' : ''}`
    ];
  }
}

says(Intl, { DateTimeFormat: service('DateTimeFormat', Dates, 'format') });
const said = (required, defaults) =>
  function (locales, options) {
    const ms = Moment.prototype.getTime.call(this);
    return ms !== ms ? 'Invalid Date' : new Dates(locales, options, required, defaults).format(ms);
  };
says(Moment.prototype, {
  toLocaleString: said('any', 'all'),
  toLocaleDateString: said('date', 'date'),
  toLocaleTimeString: said('time', 'time'),
});
