// Texts, numbers and dates in the reader's language. English is the source; a text that is missing falls back to it.
import english from './en.json';

export type Key = keyof typeof english;
type Texts = Record<string, string>;

export const LANGUAGES: Record<string, string> = {
  en: 'English',
  de: 'Deutsch',
  pl: 'Polski',
  ja: '日本語',
  tr: 'Türkçe',
  ru: 'Русский',
};

const STORED = 'territory.language';
const loaders = import.meta.glob<{ default: Texts }>(['./*.json', '!./en.json']);
const sentenceLoaders = import.meta.glob<{ default: Texts }>('./sentences/*.json');
const current = $state({ code: 'en', locale: 'en', texts: english as Texts, sentences: {} as Texts });

export function language(): string {
  return current.code;
}

export function locale(): string {
  return current.locale;
}

export function preferredLanguage(): string {
  const wanted = [stored(), ...navigator.languages].filter((code): code is string => Boolean(code));
  return wanted.map((code) => code.split('-')[0]!).find((code) => code in LANGUAGES) ?? 'en';
}

let wanted = '';

/** Load a language's texts; of several wishes the last one counts. */
export async function loadLanguage(code: string): Promise<void> {
  wanted = code;
  const [texts, sentences] = await Promise.all([loaders[`./${code}.json`]?.(), sentenceLoaders[`./sentences/${code}.json`]?.()]);
  if (wanted !== code) return;
  current.code = code;
  current.texts = { ...english, ...texts?.default };
  current.sentences = sentences?.default ?? {};
  current.locale = navigator.languages.find((name) => name.split('-')[0] === code) ?? code;
  document.documentElement.lang = code;
  try {
    localStorage.setItem(STORED, code);
  } catch {
    // a browser without storage forgets the choice, no more
  }
}

/**
 * The text of a key. `{name}` is replaced by a parameter; numbers by locale; `{n|one:…|other:…}` picks the plural.
 */
export function t(key: Key, params: Record<string, string | number> = {}): string {
  return filled(current.texts[key] ?? key, params);
}

/** A sentence for what the API says, in the reader's language; undefined where there is none, as in English. */
export function sentence(key: string): string | undefined {
  return current.sentences[key];
}

export function filled(text: string, params: Record<string, string | number>): string {
  return text
    .replace(/\{(\w+)\|((?:[^{}]|\{\w+\})*)\}/g, (_, name: string, forms: string) => plural(Number(params[name] ?? 0), forms))
    .replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = params[name];
      if (value === undefined) return whole;
      return typeof value === 'number' ? number(value) : value;
    });
}

/** A number with the reader's separators; `digits` after the decimal sign at most. */
export function number(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  return new Intl.NumberFormat(current.locale, { maximumFractionDigits: digits }).format(value);
}

/** A large number in short: 1.2 M. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (Math.abs(value) < 10_000) return number(value, Math.abs(value) < 10 ? 1 : 0);
  return new Intl.NumberFormat(current.locale, { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

export function percent(fraction: number | null | undefined, digits = 1): string {
  if (fraction === null || fraction === undefined || !Number.isFinite(fraction)) return '–';
  return new Intl.NumberFormat(current.locale, { style: 'percent', maximumFractionDigits: digits }).format(fraction);
}

/** A proven gap: never rounded down to nothing. */
export function gapText(gap: number | null | undefined): string {
  if (gap === null || gap === undefined) return '–';
  const digits = gap >= 0.01 ? 1 : gap >= 0.0005 ? 2 : 3;
  return percent(Math.ceil(gap * 10 ** (digits + 2) - 1e-9) / 10 ** (digits + 2), digits);
}

export function signed(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const format = new Intl.NumberFormat(current.locale, { maximumFractionDigits: digits, signDisplay: 'exceptZero' });
  return format.format(value);
}

export function signedPercent(fraction: number, digits = 1): string {
  if (!Number.isFinite(fraction)) return '–';
  const format = new Intl.NumberFormat(current.locale, { style: 'percent', maximumFractionDigits: digits, signDisplay: 'exceptZero' });
  return format.format(fraction);
}

export function when(time: string | null | undefined): string {
  if (!time) return '–';
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  const style: Intl.DateTimeFormatOptions = isToday ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' };
  return new Intl.DateTimeFormat(current.locale, style).format(date);
}

export function compareText(a: string, b: string): number {
  return collator().compare(a, b);
}

let made: { locale: string; collator: Intl.Collator } | undefined;
function collator(): Intl.Collator {
  if (made?.locale !== current.locale) {
    made = { locale: current.locale, collator: new Intl.Collator(current.locale, { numeric: true }) };
  }
  return made.collator;
}

function plural(count: number, forms: string): string {
  const byForm = Object.fromEntries(
    forms.split('|').map((form) => [form.slice(0, form.indexOf(':')), form.slice(form.indexOf(':') + 1)]),
  );
  const chosen = byForm[new Intl.PluralRules(current.locale).select(count)] ?? byForm.other ?? '';
  return chosen.replace('#', number(count));
}

function stored(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}
