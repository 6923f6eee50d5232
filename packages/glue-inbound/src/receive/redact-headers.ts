import type { EventHeaders } from '../process/inbound-event.js';
import type { RawRequest } from './raw-request.js';

const secretName = /authorization|cookie|secret|passw|token|api-?key|credential|session/;

/** Headers without those that hold secrets by their name. */
export function redactHeaders(headers: RawRequest['headers']): EventHeaders {
  const kept: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries(headers)) {
    if (values && !secretName.test(name)) kept[name] = values;
  }
  return kept;
}
