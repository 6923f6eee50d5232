import type { EventHeaders } from '../process/inbound-event.js';
import type { RawRequest } from './raw-request.js';

const secretName = /authorization|cookie|secret|passw|token|api-?key|credential|session|signature|hmac/;

/**
 * Headers without those that hold secrets by their name, and without signatures: one that is fresh proves whatever
 * lies beside it. The endpoint's own signature header is named, since a provider may call it anything.
 */
export function redactHeaders(headers: RawRequest['headers'], signatureHeader?: string): EventHeaders {
  const signature = signatureHeader?.toLowerCase();
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, values]) =>
      values && name !== signature && !secretName.test(name) ? [[name, values]] : [],
    ),
  );
}
