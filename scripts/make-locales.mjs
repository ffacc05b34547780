// Writes what scripts know of locales (src/parley/backends/scripts/locales.txt): a line `tag<TAB>JSON` each.
// The facts are those of Unicode CLDR as Node's own Intl shows them. Run: node scripts/make-locales.mjs
import { writeFileSync } from 'node:fs'

const TAGS = (
  'en-US en-GB en-AU en-CA en-IE en-IN en-NZ en-ZA de-DE de-AT de-CH fr-FR fr-CA fr-CH fr-BE es-ES es-MX es-US ' +
  'es-AR es-CO it-IT pt-BR pt-PT nl-NL nl-BE sv-SE da-DK nb-NO fi-FI pl-PL cs-CZ tr-TR ru-RU uk-UA ja-JP ko-KR zh-CN'
).split(' ')
const CURRENCIES = (
  'USD EUR GBP JPY CNY INR AUD CAD CHF NZD SEK NOK DKK PLN CZK HUF RON BGN TRY RUB UAH BRL MXN ARS CLP COP ' +
  'ZAR ILS AED SAR KRW SGD HKD TWD THB VND IDR MYR PHP NGN EGP'
).split(' ')
const PROBE = new Date(Date.UTC(2021, 2, 5, 3, 7, 9)),
  TWIN = new Date(Date.UTC(2021, 10, 25, 15, 47, 39))
const UTC = { timeZone: 'UTC' }
const part = (f, date, type) => f.formatToParts(date).find((p) => p.type === type)?.value

const names = (tag, key, options, dates) =>
  dates.map((d) => part(new Intl.DateTimeFormat(tag, { ...UTC, ...options }), d, key))
const MONTHS = [...Array(12).keys()].map((m) => new Date(Date.UTC(2021, m, 15)))
const DAYS = [...Array(7).keys()].map((d) => new Date(Date.UTC(2021, 7, 1 + d)))

function tables(tag) {
  const months = {},
    days = {}
  for (const [n, width] of [
    [3, 'short'],
    [4, 'long'],
    [5, 'narrow'],
  ]) {
    months['M' + n] = names(tag, 'month', { month: width, day: 'numeric' }, MONTHS)
    months['L' + n] = names(tag, 'month', { month: width }, MONTHS)
    days['E' + n] = names(tag, 'weekday', { weekday: width, day: 'numeric', month: 'long' }, DAYS)
    days['C' + n] = names(tag, 'weekday', { weekday: width }, DAYS)
  }
  return { months, days }
}

// The list of names that fits; a locale may have more of them than the usual ones.
function named(lists, letter, fits, make) {
  const found = Object.entries(lists).find(([, list]) => fits(list))
  if (found) return found[0]
  const key = letter + (6 + Object.keys(lists).filter((k) => k > letter + '5' && k[0] === letter).length)
  lists[key] = make()
  return key
}

// A pattern says what stands where, in the widths that the locale makes of those asked for.
function pattern(tag, options, { months, days }) {
  const f = new Intl.DateTimeFormat(tag, { ...UTC, ...options })
  return f
    .formatToParts(PROBE)
    .map(({ type, value }) => {
      switch (type) {
        case 'literal':
          return value
        case 'year':
          return value.length > 2 ? '{y}' : '{y2}'
        case 'month': {
          if (/^0?3$/.test(value)) return value.length > 1 ? '{M2}' : '{M}'
          const shown = part(f, TWIN, 'month')
          return `{${named(
            months,
            'M',
            (list) => list[2] === value && list[10] === shown,
            () => names(tag, type, options, MONTHS),
          )}}`
        }
        case 'day':
          return value.length > 1 ? '{d2}' : '{d}'
        case 'weekday':
          return `{${named(
            days,
            'E',
            (list) => list[5] === value,
            () => names(tag, type, options, DAYS),
          )}}`
        case 'hour': {
          const h = f.resolvedOptions().hourCycle === 'h12' ? 'h' : 'H'
          return `{${h}${value.length > 1 ? 2 : ''}}`
        }
        case 'minute':
          return value.length > 1 ? '{m2}' : '{m}'
        case 'second':
          return value.length > 1 ? '{s2}' : '{s}'
        case 'dayPeriod':
          return '{a}'
        case 'timeZoneName':
          return '{z}'
        default:
          throw new Error(`${tag}: ${type}`)
      }
    })
    .join('')
}

const pick = (object) => Object.fromEntries(Object.entries(object).filter(([, v]) => v))
const texts = []
const intern = (text) => (texts.includes(text) ? texts.indexOf(text) : texts.push(text) - 1)

// For what people ask of dates: the pattern, and what stands between it and a time. A key is a letter for each width.
function dates(tag, known) {
  const patterns = {}
  for (const weekday of ['', 'short', 'long'])
    for (const year of ['', 'numeric', '2-digit'])
      for (const month of ['', 'numeric', '2-digit', 'short', 'long'])
        for (const day of ['', 'numeric', '2-digit']) {
          const options = pick({ weekday, year, month, day })
          const usual = (!weekday || (month && day) || !(year || month)) && (!day || month || !year)
          if (!usual || !Object.keys(options).length) continue
          const date = pattern(tag, options, known),
            both = pattern(tag, { ...options, hour: 'numeric', minute: 'numeric' }, known)
          const time = pattern(tag, { hour: 'numeric', minute: 'numeric' }, known)
          const split = [date, date.replaceAll('C', 'E').replaceAll('L', 'M')].find((d) => both.startsWith(d))
          const join =
            split !== undefined && both.endsWith(time) ? both.slice(split.length, both.length - time.length) : ', '
          const key = [weekday, year, month, day].map((width) => width[0] ?? '-').join('')
          const like = patterns[key.replace('2', 'n')]
          if (key[1] === '2' && like && date === texts[like[0]].replace('{y}', '{y2}') && join === texts[like[1]])
            continue
          patterns[key] = [intern(date), intern(join)]
        }
  return patterns
}

function times(tag, known) {
  const found = {}
  // A key: the cycle, the hour's width, the minute's, how many there are of hour, minute and second, and a zone.
  for (const hourCycle of ['h12', 'h23'])
    for (const hour of ['numeric', '2-digit'])
      for (const minute of ['numeric', '2-digit'])
        for (const n of [1, 2, 3])
          for (const zone of ['', 'z']) {
            const options = pick({
              hour,
              hourCycle,
              minute: n > 1 && minute,
              second: n > 2 && minute,
              timeZoneName: zone && 'short',
            })
            const [key, like] = [minute, 'numeric'].map(
              (m) => `${hourCycle === 'h12' ? 'h' : 'H'}${hour[0]}${m[0]}${n}${zone}`,
            )
            const time = pattern(tag, options, known)
            if (key === like || (n > 1 && time !== found[like])) found[key] = time
          }
  found.m = pattern(tag, { minute: 'numeric' }, known)
  found.ms = pattern(tag, { minute: 'numeric', second: 'numeric' }, known)
  found.s = pattern(tag, { second: 'numeric' }, known)
  return found
}

function styles(tag, known) {
  const date = {},
    time = {},
    join = {}
  for (const style of ['full', 'long', 'medium', 'short']) {
    date[style] = pattern(tag, { dateStyle: style }, known)
    time[style] = pattern(tag, { timeStyle: style }, known)
    const both = pattern(tag, { dateStyle: style, timeStyle: 'short' }, known)
    const short = pattern(tag, { timeStyle: 'short' }, known)
    join[style] = both.slice(date[style].length, both.length - short.length)
  }
  return { date, time, join }
}

const shape = (parts) =>
  parts
    .map(({ type, value }) =>
      type === 'literal'
        ? value
        : type === 'currency'
          ? '{c}'
          : type === 'minusSign'
            ? '{-}'
            : type === 'plusSign'
              ? '{+}'
              : type === 'percentSign'
                ? '{%}'
                : type === 'compact'
                  ? `{k:${value}}`
                  : type === 'integer'
                    ? '{n}'
                    : '',
    )
    .join('')

function numbers(tag) {
  const of = (options, n) => new Intl.NumberFormat(tag, options).formatToParts(n)
  const big = of({}, 1234567.5)
  const symbols = {},
    narrow = {},
    rules = new Intl.PluralRules(tag)
  // One whose sign is no word: words stand apart from the digits.
  const currency =
    ['EUR', 'USD', 'GBP', 'AUD', 'JPY'].find((currency) =>
      /\P{L}$/u.test(of({ style: 'currency', currency }, 1).find((p) => p.type === 'currency').value),
    ) ?? 'EUR'
  for (const currency of CURRENCIES) {
    const sign = of({ style: 'currency', currency }, 1).find((p) => p.type === 'currency').value
    const small = of({ style: 'currency', currency, currencyDisplay: 'narrowSymbol' }, 1).find(
      (p) => p.type === 'currency',
    ).value
    if (sign !== currency) symbols[currency] = sign
    if (small !== sign) narrow[currency] = small
  }
  const compact = {}
  for (const compactDisplay of ['short', 'long']) {
    compact[compactDisplay] = [...Array(12).keys()].map((i) =>
      ['one', 'few', 'many', 'other'].map((category) => {
        const sizes = [
          [1, 2, 5, 3, 1.5],
          [21, 22, 25, 23, 20],
          [121, 122, 125, 123, 120],
        ][i % 3]
        const n = sizes.find((size) => rules.select(size) === category) ?? sizes[3]
        const parts = of({ notation: 'compact', compactDisplay, maximumFractionDigits: 1 }, n * 10 ** (i - (i % 3) + 3))
        const digits = parts
          .filter((p) => p.type === 'integer')
          .map((p) => p.value)
          .join('').length
        return [
          shape(parts.filter((p, j) => p.type !== 'integer' || parts.findIndex((q) => q.type === 'integer') === j)),
          digits,
        ]
      }),
    )
  }
  const squeeze = (rows) =>
    rows.map((row) => (row.every(([s]) => s === row[0][0]) ? row[0] : [row.map(([s]) => s), row[0][1]]))
  return {
    decimal: big.find((p) => p.type === 'decimal').value,
    group: big.find((p) => p.type === 'group')?.value ?? '',
    // The digits that a group needs before it: 1234 has none in Spanish.
    least: of({}, 1234).some((p) => p.type === 'group') ? 1 : 2,
    lakh: of({}, 12345678).filter((p) => p.type === 'integer').length === 4,
    lakhAccount:
      of({ style: 'currency', currency, currencySign: 'accounting' }, 12345678).filter((p) => p.type === 'integer')
        .length === 4,
    minus: of({}, -1).find((p) => p.type === 'minusSign').value,
    percent: shape(of({ style: 'percent' }, 0.5)),
    percentMinus: shape(of({ style: 'percent' }, -0.5)),
    sign: of({ style: 'percent' }, 0.5).find((p) => p.type === 'percentSign').value,
    money: shape(of({ style: 'currency', currency }, 1)),
    moneyMinus: shape(of({ style: 'currency', currency }, -1)),
    code: shape(of({ style: 'currency', currency, currencyDisplay: 'code' }, 1)),
    accountPlus: shape(of({ style: 'currency', currency, currencySign: 'accounting' }, 1)),
    account: shape(of({ style: 'currency', currency, currencySign: 'accounting' }, -1)),
    moneyGroup: of({ style: 'currency', currency }, 1234567).find((p) => p.type === 'group')?.value,
    moneyDecimal: of({ style: 'currency', currency, minimumFractionDigits: 1 }, 1.5).find((p) => p.type === 'decimal')
      .value,
    symbols,
    narrow,
    compact: { short: squeeze(compact.short), long: squeeze(compact.long) },
  }
}

function relative(tag) {
  const found = {},
    rules = new Intl.PluralRules(tag)
  for (const unit of ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year']) {
    const text = (n) =>
      new Intl.RelativeTimeFormat(tag)
        .formatToParts(n, unit)
        .map((p) => (p.type === 'integer' ? '{0}' : p.value))
        .join('')
    const ways = (sign) =>
      Object.fromEntries(
        [1, 2, 5, 1.5]
          .map((n) => [rules.select(n), text(sign * n).replace(/\{0\}.*\{0\}/, '{0}')])
          .filter(([k], i, all) => all.findIndex(([q]) => q === k) === i)
          .map(([k, v]) => [k, v.includes('{0}') ? v : v]),
      )
    const auto = new Intl.RelativeTimeFormat(tag, { numeric: 'auto' })
    const words = {}
    for (const n of [-2, -1, 0, 1, 2]) {
      const parts = auto.formatToParts(n, unit)
      if (parts.length === 1 && parts[0].type === 'literal') words[n] = parts[0].value
    }
    found[unit] = [fraction(ways(-1), tag, unit, -1), fraction(ways(1), tag, unit, 1), words]
  }
  return found
}

// A sample with a fraction (1.5) has two numbers in its parts: keep the text around them.
function fraction(ways, tag, unit, sign) {
  for (const [category, text] of Object.entries(ways)) {
    if ((/[.,]/.test(text) && text.includes('{0}{')) || /\{0\}[.,]/.test(text)) {
      ways[category] = new Intl.RelativeTimeFormat(tag).format(sign * 1.5, unit).replace(/1[.,]5/, '{0}')
    }
  }
  return ways
}

function lists(tag) {
  const found = {}
  for (const type of ['conjunction', 'disjunction']) {
    const text = (items) => new Intl.ListFormat(tag, { type }).format(items)
    const [pair, three] = [text(['\u0001', '\u0002']), text(['\u0001', '\u0002', '\u0003'])]
    found[type] = [
      pair.slice(1, -1),
      three.slice(1, three.indexOf('\u0002')),
      three.slice(three.indexOf('\u0002') + 1, -1),
    ]
  }
  return found
}

// What zones are called, where they have a name, in winter and in summer: short, then long.
const ZONES = (
  'America/New_York America/Chicago America/Denver America/Phoenix America/Los_Angeles America/Anchorage ' +
  'Pacific/Honolulu America/Halifax Europe/London Europe/Paris Europe/Athens Europe/Lisbon Europe/Moscow Asia/Kolkata ' +
  'Asia/Tokyo Asia/Shanghai Asia/Seoul Australia/Sydney Pacific/Auckland'
).split(' ')
function zones(tag) {
  const name = (timeZone, timeZoneName, date) =>
    part(new Intl.DateTimeFormat(tag, { timeZone, timeZoneName }), date, 'timeZoneName')
  const winter = new Date(Date.UTC(2021, 0, 15)),
    summer = new Date(Date.UTC(2021, 6, 15)),
    found = {}
  for (const zone of ZONES) {
    const [cold, warm] = zone.startsWith('Australia') || zone.endsWith('Auckland') ? [summer, winter] : [winter, summer]
    found[zone] = ['short', 'long'].flatMap((width) =>
      [cold, warm].map((date) => {
        const shown = name(zone, width, date)
        return shown === name(zone, `${width}Offset`, date) ? 0 : shown
      }),
    )
  }
  const [, before, plus, point] = /^(.*?)(\S)5(.)/.exec(name('Asia/Kolkata', 'shortOffset', winter))
  const [, minus] = /(\S)7$/.exec(name('America/Phoenix', 'shortOffset', winter))
  const utc = ['short', 'long'].map((width) => name('UTC', width, winter))
  return {
    names: found,
    offset: [before, plus, minus, name('UTC', 'shortOffset', winter), name('UTC', 'longOffset', winter), point],
    utc,
  }
}

const lines = TAGS.map((tag) => {
  texts.length = 0
  const known = tables(tag)
  const patterns = dates(tag, known)
  const data = {
    ...known,
    texts: texts.slice(),
    patterns,
    times: times(tag, known),
    styles: styles(tag, known),
    cycle: new Intl.DateTimeFormat(tag, { hour: 'numeric' }).resolvedOptions().hourCycle,
    periods: [PROBE, TWIN].map((d) =>
      part(new Intl.DateTimeFormat(tag, { ...UTC, hour: 'numeric', hourCycle: 'h12' }), d, 'dayPeriod'),
    ),
    numbers: numbers(tag),
    relative: relative(tag),
    lists: lists(tag),
    zones: zones(tag),
  }
  for (const set of [data.months, data.days])
    for (const [key, value] of Object.entries(set)) {
      const twin = { L: 'M', C: 'E' }[key[0]]
      if (twin && JSON.stringify(set[twin + key[1]]) === JSON.stringify(value)) delete set[key]
    }
  return `${tag}\t${JSON.stringify(data)}`
})
writeFileSync(new URL('../src/parley/backends/scripts/locales.txt', import.meta.url), '\n' + lines.join('\n') + '\n')
