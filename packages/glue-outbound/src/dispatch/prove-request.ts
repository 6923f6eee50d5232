import { deadLetter } from 'glue-core';
import type { OutboundRequest } from '../delivery.js';
import type { EndpointMeans } from '../endpoint/open-endpoint.js';
import type { SigningMoment } from '../sign/signed-fields.js';
import { Unsendable } from '../sign/unsendable.js';
import type { Verdict } from './classify.js';

/**
 * Says in a request who calls, and signs it, in this order: a signature may cover headers and the URL, and so what the
 * authentication writes. What cannot be proven is not sent.
 */
export function proveRequest(
  request: OutboundRequest,
  { reservedHeaders, authenticator, signer }: EndpointMeans,
  moment: SigningMoment,
): OutboundRequest | Unsendable {
  for (const name of Object.keys(request.headers)) {
    const writer = reservedHeaders.get(name);
    if (writer !== undefined)
      return new Unsendable(
        'rendering',
        `the header "${name}" is written by the ${writer} of the endpoint: take it out of rules, hooks and delivery`,
      );
  }
  const authenticated = authenticator.authenticate(request, moment.nowMs);
  return authenticated instanceof Unsendable ? authenticated : signer.sign(authenticated, moment);
}

/** What it means that a request could not be proven. Pure. */
export function classifyUnsendable({ cause, reason }: Unsendable): Verdict {
  switch (cause) {
    case 'internal':
      return { result: { kind: 'failed', note: reason, internal: true }, cause };
    case 'rendering':
      return { result: deadLetter(reason), cause };
  }
}
