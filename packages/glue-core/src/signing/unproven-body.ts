import { numberText } from '../json/json-number.js';
import { readJsonPath, type JsonPath } from '../json/json-path.js';

/** Why there is no message. */
export interface Problem {
  readonly problem: string;
}

/**
 * Where parts of a body are signed it is read before it is known who sent it. What that may cost is bounded: a form of
 * one MiB of "+" takes URLSearchParams 140 ms, and as much JSON of "[" takes JSON.parse as long.
 */
const MAX_BYTES = 128 * 1024;
/** Far more than any provider sends; URLSearchParams takes time by the square of the number of names without a value. */
const MAX_FORM_FIELDS = 1_000;
const AMPERSAND = 0x26;

/**
 * Names and values of a urlencoded body, sorted by name, then value, each pair once, without separators: Twilio's way,
 * https://www.twilio.com/docs/usage/security#validating-requests
 */
export function sortedForm(body: Buffer): Buffer | Problem {
  if (body.length > MAX_BYTES) return tooLarge;
  if (separatorsIn(body) > MAX_FORM_FIELDS) return { problem: `the form has over ${MAX_FORM_FIELDS} fields` };
  // A leading "?" would be dropped; a leading "&" stands for nothing.
  const pairs = [...new URLSearchParams(`&${body.toString()}`)];
  const text = pairs
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .filter(([name, value], at) => name !== pairs[at - 1]?.[0] || value !== pairs[at - 1]?.[1])
    .flat()
    .join('');
  return Buffer.from(text);
}

/** Reads values of a JSON body, which is parsed when the first one is asked for. */
export function jsonValues(body: Buffer): (path: JsonPath) => Buffer | Problem {
  let parsed: { readonly json: string; readonly document: unknown } | Problem | undefined;
  return (path) => {
    parsed ??= parse(body);
    if ('problem' in parsed) return parsed;
    const value = readJsonPath(parsed.document, path);
    if (typeof value === 'number') return Buffer.from(numberText(parsed.json, path, value));
    if (typeof value === 'string' || typeof value === 'boolean') return Buffer.from(String(value));
    return { problem: 'the signed JSON value is missing' };
  };
}

const tooLarge: Problem = {
  problem: `the body is larger than ${MAX_BYTES} bytes, and no larger one is read before it is proven`,
};

function parse(body: Buffer): { readonly json: string; readonly document: unknown } | Problem {
  if (body.length > MAX_BYTES) return tooLarge;
  const json = body.toString();
  try {
    return { json, document: JSON.parse(json) as unknown };
  } catch {
    return { problem: 'the signed JSON value cannot be read' };
  }
}

function separatorsIn(body: Buffer): number {
  let count = 0;
  for (
    let at = body.indexOf(AMPERSAND);
    at >= 0 && count <= MAX_FORM_FIELDS;
    at = body.indexOf(AMPERSAND, at + 1)
  )
    count += 1;
  return count;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
