export const REDACTED = '[redacted]';

const SENSITIVE_HEADER = /authorization|cookie|secret|password|token|api-?key|credential/i;
/** Shorter header values are too common in other text to be looked for there. */
const MIN_HEADER_VALUE = 8;

/** Takes secrets out of texts. */
export type Redact = (text: string) => string;

/** Whether the value of a header is a secret by its name. */
export function isSensitiveHeader(name: string): boolean {
  return SENSITIVE_HEADER.test(name);
}

/** Makes a redaction that replaces each secret wherever it occurs: as it is, in JSON, in a URL, in a form. */
export function redactionOf(secrets: readonly string[]): Redact {
  const forms = new Set(secrets.filter((secret) => secret !== '').flatMap(formsOf));
  if (forms.size === 0) return (text) => text;
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escaped).join('|'), 'g');
  return (text) => text.replaceAll(pattern, REDACTED);
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
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed()), form];
}

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
