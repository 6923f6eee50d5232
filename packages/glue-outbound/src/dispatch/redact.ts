export const REDACTED = '[redacted]';

const SENSITIVE_HEADER = /authorization|cookie|secret|password|token|api-?key|credential/i;
/** Shorter header values are too common in other text to be looked for there. */
const MIN_HEADER_VALUE = 8;

/** Fewer characters of a secret, at the end of a text that was cut, give nothing away. */
const MIN_CUT_SECRET = 6;

/** Takes secrets out of texts. @param isCut - the text was cut at its end, maybe within a secret */
export type Redact = (text: string, isCut?: boolean) => string;

/** Whether the value of a header is a secret by its name. */
export function isSensitiveHeader(name: string): boolean {
  return SENSITIVE_HEADER.test(name);
}

/**
 * Makes a redaction that replaces each secret wherever it occurs: as it is, in base64, in a URL, in a form, in JSON with
 * whatever escapes.
 */
export function redactionOf(secrets: readonly string[]): Redact {
  const forms = [...new Set(secrets.filter((secret) => secret !== '').flatMap(formsOf))];
  if (forms.length === 0) return (text) => text;
  forms.sort((a, b) => b.length - a.length);
  const plain = anyOf(forms, escaped);
  // Few texts hold a backslash, and there are many ways to escape.
  let withEscapes: RegExp | undefined;
  return (text, isCut) => {
    let found = text.replaceAll(plain, REDACTED);
    if (found.includes('\\')) found = found.replaceAll((withEscapes ??= anyOf(forms, anyEscape)), REDACTED);
    return isCut ? withoutHalf(found, forms) : found;
  };
}

/** A text that was cut, without the beginning of a secret at its end. */
function withoutHalf(text: string, forms: readonly string[]): string {
  // The cut can also have gone through a character.
  const whole = text.replace(/\ufffd$/, '');
  const halves = forms.map((form) => {
    let length = Math.min(form.length - 1, whole.length);
    while (length >= MIN_CUT_SECRET && !whole.endsWith(form.slice(0, length))) length -= 1;
    return length;
  });
  const longest = Math.max(...halves);
  return longest < MIN_CUT_SECRET ? text : whole.slice(0, -longest) + REDACTED;
}

/** Secrets that a request itself holds: the values of its sensitive headers, and what follows `Bearer` or the like. */
export function secretsIn(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers)
    .filter(([name]) => isSensitiveHeader(name))
    .flatMap(([, value]) => [value, value.slice(value.indexOf(' ') + 1)])
    .filter((value) => value.length >= MIN_HEADER_VALUE);
}

/** Headers for the log. @param secretHeaders - lower-case names of more that are secrets */
export function redactHeaders(
  headers: Readonly<Record<string, string>>,
  redact: Redact,
  secretHeaders: ReadonlySet<string> = new Set(),
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      isSensitiveHeader(name) || secretHeaders.has(name.toLowerCase()) ? REDACTED : redact(value),
    ]),
  );
}

function formsOf(secret: string): string[] {
  const form = new URLSearchParams([['', secret]]).toString().slice(1);
  const bytes = Buffer.from(secret);
  // Without padding, which not everybody writes.
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  const inUrl = encodeURIComponent(secret.toWellFormed());
  return [secret, JSON.stringify(secret).slice(1, -1), inUrl, form, base64, bytes.toString('base64url')];
}

const anyOf = (forms: readonly string[], written: (form: string) => string) =>
  new RegExp(forms.map(written).join('|'), 'g');

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** Each character as it is, or as JSON may escape it: `/`, `\/` and `\u002f` are the same. */
function anyEscape(text: string): string {
  return Array.from({ length: text.length }, (_, at) => {
    const unit = text.charAt(at);
    const code = unit.charCodeAt(0).toString(16).padStart(4, '0');
    const eitherCase = code.replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
    const short = JSON.stringify(unit).slice(1, -1);
    const ways = [unit, short, ...(unit === '/' ? ['\\/'] : [])].map(escaped);
    return `(?:${[...new Set(ways), `\\\\u${eitherCase}`].join('|')})`;
  }).join('');
}
