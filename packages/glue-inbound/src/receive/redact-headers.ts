import type { EventHeaders } from '../process/inbound-event.js';
import type { RawRequest } from './raw-request.js';

const secretName =
  /authorization|(^|[-_])(auth|sig|digest|pass|pwd?|pin|otp)([-_]|$)|bearer|jwt|cookie|secret|passw|token|(api|access|private|shared|signing|subscription|functions)[-_]?key|credential|session|signature|hmac/;

/**
 * Headers without those that hold secrets by their name, and without signatures: one that is fresh proves whatever
 * lies beside it. Those by which the endpoint verifies, and those that its configuration lists, are named: a provider
 * may call them anything.
 */
export function redactHeaders(
  headers: RawRequest['headers'],
  secretHeaders: readonly string[] = [],
): EventHeaders {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, values]) =>
      values && !secretHeaders.includes(name) && !secretName.test(name) ? [[name, values]] : [],
    ),
  );
}
