// What `Intl` is asked for, of Node and of our own: each case says a list of texts. Read by test_intl.py.
const words = (text) => text.trim().split(/\s+/);
const LOCALES = words(`
  en-US en-GB en-AU en-CA en-IE en-IN en-NZ en-ZA de-DE de-AT de-CH fr-FR fr-CA fr-CH fr-BE es-ES
  es-MX es-US es-AR es-CO it-IT pt-BR pt-PT nl-NL nl-BE sv-SE da-DK nb-NO fi-FI pl-PL cs-CZ tr-TR
  ru-RU uk-UA ja-JP ko-KR zh-CN`);
const ZONES = words(`
  UTC America/New_York America/Los_Angeles America/St_Johns America/Sao_Paulo Europe/London
  Europe/Dublin Europe/Berlin Europe/Moscow Africa/Cairo Asia/Kolkata Asia/Kathmandu Asia/Tokyo
  Asia/Tehran Australia/Sydney Australia/Lord_Howe Pacific/Auckland Pacific/Chatham Pacific/Apia`);
const DATES = [
  {},
  { dateStyle: 'full' },
  { dateStyle: 'long' },
  { dateStyle: 'medium' },
  { dateStyle: 'short' },
  { timeStyle: 'short' },
  { timeStyle: 'medium' },
  { timeStyle: 'long' },
  { dateStyle: 'full', timeStyle: 'short' },
  { dateStyle: 'medium', timeStyle: 'medium' },
  { dateStyle: 'short', timeStyle: 'short' },
  { weekday: 'long' },
  { weekday: 'short' },
  { month: 'long' },
  { month: 'short' },
  { year: 'numeric' },
  { day: 'numeric' },
  { day: '2-digit' },
  { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' },
  { month: 'long', day: 'numeric' },
  { year: 'numeric', month: '2-digit', day: '2-digit' },
  { year: '2-digit', month: 'numeric', day: 'numeric' },
  { year: '2-digit', month: '2-digit', day: '2-digit' },
  { month: 'short', day: 'numeric', year: 'numeric' },
  { weekday: 'short', month: 'short', day: 'numeric' },
  { month: 'long', year: 'numeric' },
  { hour: 'numeric', minute: '2-digit' },
  { hour: '2-digit', minute: '2-digit' },
  { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  { hour: 'numeric' },
  { hour: 'numeric', hour12: true },
  { hour: 'numeric', minute: 'numeric', hour12: true },
  { hour: '2-digit', minute: '2-digit', hour12: false },
  { hour: 'numeric', minute: 'numeric', hourCycle: 'h23' },
  { minute: '2-digit', second: '2-digit' },
  { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  { weekday: 'long', month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit' },
  { month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' },
];
const NUMBERS = [
  {},
  { maximumFractionDigits: 0 },
  { minimumFractionDigits: 2 },
  { minimumFractionDigits: 2, maximumFractionDigits: 2 },
  { maximumSignificantDigits: 3 },
  { minimumSignificantDigits: 4 },
  { useGrouping: false },
  { minimumIntegerDigits: 2 },
  { style: 'percent' },
  { style: 'percent', maximumFractionDigits: 1 },
  { signDisplay: 'always' },
  { signDisplay: 'exceptZero' },
  { signDisplay: 'never' },
  { style: 'currency', currency: 'USD' },
  { style: 'currency', currency: 'EUR' },
  { style: 'currency', currency: 'JPY' },
  { style: 'currency', currency: 'GBP', minimumFractionDigits: 0 },
  { style: 'currency', currency: 'CHF' },
  { style: 'currency', currency: 'INR', maximumFractionDigits: 0 },
  { style: 'currency', currency: 'EUR', currencyDisplay: 'code' },
  { style: 'currency', currency: 'SEK', currencyDisplay: 'narrowSymbol' },
  { style: 'currency', currency: 'USD', currencySign: 'accounting' },
  { notation: 'compact' },
  { notation: 'compact', compactDisplay: 'long' },
  { notation: 'compact', maximumFractionDigits: 1 },
];
const AMOUNTS = [
  0, -0, 1, 1.5, -2.25, 0.005, 1.005, 12.3456, 999.999, 1234, -1234.5, 12345, 123456, 999999, 1234567.891, 1e9, 1.5e12,
  1e14,
];

const CASES = {
  dates: () =>
    LOCALES.map((l) =>
      DATES.map((o) =>
        [Date.UTC(2024, 0, 5, 3, 7, 9), Date.UTC(2023, 10, 25, 15, 47, 39)].map(
          (d) => l + JSON.stringify(o) + new Intl.DateTimeFormat(l, { timeZone: 'UTC', ...o }).format(d),
        ),
      ),
    ),
  parts: () =>
    LOCALES.map((l) =>
      DATES.map((o) =>
        new Intl.DateTimeFormat(l, { timeZone: 'UTC', ...o })
          .formatToParts(Date.UTC(2024, 0, 5, 13, 7, 9))
          .map((p) => p.type + p.value)
          .concat(l, JSON.stringify(o))
          .join('|'),
      ),
    ),
  numbers: () =>
    LOCALES.map((l) =>
      NUMBERS.map((o) => AMOUNTS.map((n) => l + JSON.stringify(o) + n + ' ' + new Intl.NumberFormat(l, o).format(n))),
    ),
  'parts of numbers': () =>
    LOCALES.map((l) =>
      NUMBERS.map((o) =>
        [1234567.891, -5].map((n) =>
          new Intl.NumberFormat(l, o)
            .formatToParts(n)
            .map((p) => p.type + p.value)
            .concat(l, JSON.stringify(o))
            .join('|'),
        ),
      ),
    ),
  zones: () =>
    ZONES.map((z) =>
      [...Array(400).keys()].map(
        (i) =>
          z +
          new Date(Date.UTC(1990, 0, 1, 0, 30) + i * 31 * 86400000 * 1.013).toLocaleString('en-GB', { timeZone: z }),
      ),
    ),
  'names of zones': () =>
    LOCALES.map((l) =>
      [
        'America/New_York',
        'Europe/London',
        'Europe/Berlin',
        'Asia/Tokyo',
        'Asia/Kolkata',
        'UTC',
        'America/Toronto',
        'Australia/Melbourne',
      ].map((z) =>
        [0, 6].map((m) =>
          ['short', 'long', 'shortOffset', 'longOffset'].map(
            (w) =>
              l +
              z +
              new Intl.DateTimeFormat(l, { timeZone: z, timeZoneName: w })
                .formatToParts(Date.UTC(2024, m, 15))
                .find((p) => p.type === 'timeZoneName').value,
          ),
        ),
      ),
    ),
  defaults: () =>
    LOCALES.map((l) => {
      const d = new Date(Date.UTC(2024, 6, 4, 9, 5, 3)),
        o = { timeZone: 'Asia/Tokyo' };
      return [
        d.toLocaleString(l, o),
        d.toLocaleDateString(l, o),
        d.toLocaleTimeString(l, o),
        d.toLocaleDateString(l, { ...o, hour: 'numeric' }),
        (1234567.891).toLocaleString(l),
        [1234.5, d.getTime()].toLocaleString(l),
      ];
    }),
  options: () => [
    new Intl.DateTimeFormat('en-US', { timeZone: 'europe/paris' }).resolvedOptions(),
    new Intl.DateTimeFormat('de', { hour: 'numeric', minute: 'numeric', timeZone: 'UTC' }).resolvedOptions(),
    Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeZone: 'UTC' }).resolvedOptions(),
    new Intl.NumberFormat('de-DE', { style: 'currency', currency: 'eur' }).resolvedOptions(),
    new Intl.NumberFormat('fr').resolvedOptions(),
  ],
  plurals: () =>
    LOCALES.map((l) =>
      [0, 1, 2, 3, 5, 11, 12, 21, 22, 25, 101, 1.5, 1000000].map((n) => l + n + new Intl.PluralRules(l).select(n)),
    ),
  ordinals: () =>
    ['en', 'fr', 'it', 'sv', 'de'].map((l) =>
      [1, 2, 3, 4, 8, 11, 12, 13, 21, 22, 23, 111].map(
        (n) => l + n + new Intl.PluralRules(l, { type: 'ordinal' }).select(n),
      ),
    ),
  relative: () =>
    LOCALES.map((l) =>
      ['second', 'minutes', 'hour', 'day', 'weeks', 'month', 'year'].map((u) =>
        [-2, -1, 0, 1, 2, 5, 21, 1234].map((n) =>
          ['always', 'auto'].map((numeric) => new Intl.RelativeTimeFormat(l, { numeric }).format(n, u)),
        ),
      ),
    ),
  lists: () =>
    LOCALES.map((l) =>
      ['conjunction', 'disjunction'].map((type) =>
        [[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd']].map((x) =>
          new Intl.ListFormat(l, { type }).format(x),
        ),
      ),
    ),
  order: () => [
    ['b', 'a', 'C', 'ä', 'z', 'Z', 'é', 'e', '2', '10'].sort(new Intl.Collator('en').compare),
    ['x10', 'x9', 'x1'].sort(new Intl.Collator('en', { numeric: true }).compare),
    new Intl.Collator('en', { sensitivity: 'base' }).compare('É', 'e'),
  ],
  'what is refused': () =>
    [
      () => new Intl.NumberFormat('en', { style: 'currency' }),
      () => new Intl.DateTimeFormat('en', { timeZone: 'Mars/Base' }),
      () => new Intl.DateTimeFormat('e'),
      () => new Intl.DateTimeFormat('en', { dateStyle: 'full', year: 'numeric' }),
      () => new Intl.DateTimeFormat('en', { month: 'big' }),
      () => (1).toFixed.call(new Date(NaN).toLocaleString()),
      () => new Intl.DateTimeFormat('en').format(NaN),
      () => new Intl.NumberFormat('en', { maximumFractionDigits: 999 }),
    ].map((f) => {
      try {
        return f();
      } catch (e) {
        return e.name;
      }
    }),
  forms: () => [
    String(new Date(NaN).toLocaleString('en')),
    typeof Intl.DateTimeFormat(),
    Object.prototype.toString.call(Intl),
    [3, 1].map(new Intl.NumberFormat('en', { minimumFractionDigits: 1 }).format),
    12345678901234567890n.toLocaleString('de-DE'),
    Intl.DateTimeFormat.supportedLocalesOf(['de-DE', 'en']),
    new Intl.NumberFormat(['xx', 'de-DE']).format(1.5),
    [NaN, Infinity, -Infinity].map((n) => n.toLocaleString('en') + n.toLocaleString('de', { style: 'percent' })),
    new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', fractionalSecondDigits: 3, second: 'numeric' }).format(1234),
  ],
};
