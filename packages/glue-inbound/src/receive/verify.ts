import type { Verification } from '../endpoint/verification.js';
import type { RawRequest } from './raw-request.js';
import type { Refusal } from './refusal.js';
import { verifyHmac } from './verify-hmac.js';

/** Whether the endpoint's provider sent these bytes. @returns undefined when it is proven */
export function verify(
  verification: Verification,
  keys: readonly Buffer[],
  request: RawRequest,
): Refusal | undefined {
  switch (verification.mode) {
    case 'none':
      return undefined;
    case 'hmac':
      return verifyHmac(verification, keys, request);
  }
}
