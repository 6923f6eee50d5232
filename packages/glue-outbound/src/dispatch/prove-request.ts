import { deadLetter } from 'glue-core';
import type { Authenticated, AuthenticationMoment, Unauthenticated } from '../authenticate/authenticator.js';
import { TokenFailure } from '../authenticate/token-failure.js';
import type { OutboundRequest } from '../delivery.js';
import type { EndpointMeans } from '../endpoint/open-endpoint.js';
import { Unsendable } from '../sign/unsendable.js';
import type { Verdict } from './classify.js';

/** One attempt, as far as proving its request is concerned. */
export interface ProvingMoment extends Omit<AuthenticationMoment, 'nowMs'> {
  readonly deliveryId: string;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Says in a request who calls, and signs it, in this order: a signature may cover headers and the URL, and so what the
 * authentication writes. What cannot be proven is not sent. Headers that these write are in no request that comes here.
 */
export async function proveRequest(
  request: OutboundRequest,
  { authenticator, signer }: EndpointMeans,
  { deliveryId, now, ...moment }: ProvingMoment,
): Promise<Authenticated | Unauthenticated> {
  const authenticated = await authenticator.authenticate(request, { ...moment, nowMs: now() });
  if (isUnproven(authenticated)) return authenticated;
  // A token may have taken its time: the timestamp of a signature is that of the request.
  const signed = signer.sign(authenticated.request, { deliveryId, nowMs: now() });
  return signed instanceof Unsendable ? signed : { ...authenticated, request: signed };
}

export function isUnproven(result: Authenticated | Unauthenticated): result is Unauthenticated {
  return result instanceof Unsendable || result instanceof TokenFailure;
}

/** What it means that a request could not be proven. Pure. */
export function classifyUnproven(unproven: Unauthenticated): Verdict {
  const { cause, reason } = unproven;
  if (cause === 'rendering') return { result: deadLetter(reason), cause };
  const seconds = unproven instanceof TokenFailure ? unproven.seconds : undefined;
  return {
    result: {
      kind: 'failed',
      note: reason,
      ...(seconds !== undefined && { seconds }),
      ...(cause === 'internal' && { internal: true }),
    },
    cause,
  };
}
