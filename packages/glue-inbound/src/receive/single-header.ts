import type { RawRequest } from './raw-request.js';
import { Refusal } from './refusal.js';

/** The value of a header by which a request is proven: it must be there, once. */
export function singleHeader({ headers }: RawRequest, name: string): string | Refusal {
  const [value, ...more] = headers[name] ?? [];
  if (value === undefined) return new Refusal('signature', `the header ${name} is missing`);
  return more.length > 0 ? new Refusal('signature', `the header ${name} is repeated`) : value;
}
