import type { JsonPath } from './json-path.js';

/** A number that JavaScript may write otherwise than it was written: -0, a fraction, an exponent, many digits. */
const unusualNumber = /[:[,]\s*(?:-0|-?(?:\d{16}|\d+[.eE]))/;

/**
 * A number as it was written. Ids that differ in their text only (`1e400` and `2e400`, `0` and `-0`, two of twenty
 * digits) are different, but equal once they are JavaScript's numbers.
 * @param json - valid JSON
 * @param path - leads to the number `value`
 */
export function numberText(json: string, path: JsonPath, value: number): string {
  return (unusualNumber.test(json) ? findNumber(json, path) : undefined) ?? String(value);
}

/** Goes through the text without recursion, so depth does it no harm. Of equal names the last counts, as for JSON.parse. */
function findNumber(json: string, path: JsonPath): string | undefined {
  const token = /["{}[\],]|[^\s"{}[\],:]+/g;
  /** Name or index in each open object or list; a name that is still to come is undefined. */
  const place: (string | number | undefined)[] = [];
  let found: string | undefined;
  const begin = (number?: string): void => {
    if (place.length <= path.length && place.every((step, depth) => step === path[depth]))
      found = place.length === path.length ? number : undefined;
  };
  for (let match = token.exec(json); match; match = token.exec(json)) {
    const last = place.length - 1;
    switch (match[0]) {
      case '"': {
        token.lastIndex = endOfString(json, match.index);
        const isName = last >= 0 && place[last] === undefined;
        if (isName) place[last] = JSON.parse(json.slice(match.index, token.lastIndex)) as string;
        else begin();
        break;
      }
      case '{':
        begin();
        place.push(undefined);
        break;
      case '[':
        begin();
        place.push(0);
        break;
      case '}':
      case ']':
        place.pop();
        break;
      case ',': {
        const step = place[last];
        place[last] = typeof step === 'number' ? step + 1 : undefined;
        break;
      }
      default:
        begin(match[0]);
    }
  }
  return found;
}

/** Where the string that begins at a quote is over. */
function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(json: string, at: number): boolean {
  let before = at;
  while (json[before - 1] === '\\') before -= 1;
  return (at - before) % 2 === 1;
}
