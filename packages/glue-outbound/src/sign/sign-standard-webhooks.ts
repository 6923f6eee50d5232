import { createHmac, sign } from 'node:crypto';
import { headerListsOf, headersOf, signedMessage, standardScheme, type StandardSigningKey } from 'glue-core';
import type { OutboundRequest } from '../delivery.js';
import { bodyBytes, signedFields, type SigningMoment } from './signed-fields.js';
import { Unsendable } from './unsendable.js';

const { digest, encoding, signature } = standardScheme;

/**
 * Signs as Standard Webhooks has it: `v1` with shared secrets, `v1a` with private keys.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * @param keys - each makes a signature
 */
export function signStandardWebhooks(
  keys: readonly StandardSigningKey[],
  request: OutboundRequest,
  moment: SigningMoment,
): OutboundRequest | Unsendable {
  const fields = signedFields(standardScheme, request, moment);
  const message = signedMessage(standardScheme, {
    headers: headerListsOf(headersOf(fields)),
    url: request.url,
    body: bodyBytes(request.body),
  });
  if (!Buffer.isBuffer(message))
    return new Unsendable('rendering', `it cannot be signed: ${message.problem}`);
  const signatures = keys.map((key) => ({
    source: { ...signature, part: key.version },
    value: signatureBy(key, message),
  }));
  return { ...request, headers: { ...request.headers, ...headersOf([...fields, ...signatures]) } };
}

function signatureBy({ version, key }: StandardSigningKey, message: Buffer): string {
  switch (version) {
    case 'v1':
      return createHmac(digest, key).update(message).digest(encoding);
    case 'v1a':
      return sign(null, message, key).toString(encoding);
  }
}
