import {
  decodeSecrets,
  findSecrets,
  hmacKeyOf,
  liveKeys,
  ownSecretsFor,
  standardSigningKeyOf,
  type Decoded,
  type SecretSource,
} from 'glue-core';
import type { OutboundRequest } from '../delivery.js';
import type { Signing } from '../endpoint/signing.js';
import { wayOut, type SecretMeans, type Unusable } from './secret-means.js';
import { signByHmac } from './sign-by-hmac.js';
import { signStandardWebhooks } from './sign-standard-webhooks.js';
import type { SigningMoment } from './signed-fields.js';
import { Unsendable } from './unsendable.js';

/** Signs the requests of one endpoint. Made once per change of the endpoint: secrets are decoded then. */
export interface Signer {
  sign(request: OutboundRequest, moment: SigningMoment): OutboundRequest | Unsendable;
  /** Secrets in clear, to be kept out of the log. */
  readonly secrets: readonly string[];
  /** Secrets that cannot be used, beside those that can. */
  readonly warnings: readonly string[];
}

/** @returns the reason when nothing could be signed */
export function createSigner(signing: Signing, means: SecretMeans): Signer | Unusable {
  switch (signing.mode) {
    case 'standard-webhooks':
      return signerBySecret(signing.secrets, means, {
        decode: standardSigningKeyOf,
        sign: signStandardWebhooks,
      });
    case 'hmac':
      return signerBySecret(signing.secrets, means, {
        decode: (text) => hmacKeyOf(signing, text),
        sign: (keys, request, moment) => signByHmac(signing, keys, request, moment),
      });
    case 'none':
      return { sign: (request) => request, secrets: [], warnings: [] };
  }
}

/** Every secret whose time it is signs, the newest first; judged at each request, as windows open and close. */
function signerBySecret<Key>(
  sources: readonly SecretSource[],
  { backend, own }: SecretMeans,
  scheme: {
    readonly decode: (text: string) => Decoded<Key>;
    readonly sign: (
      keys: readonly Key[],
      request: OutboundRequest,
      moment: SigningMoment,
    ) => OutboundRequest | Unsendable;
  },
): Signer | Unusable {
  const found = findSecrets(sources, backend?.settings, ownSecretsFor(own, undefined));
  const { keys, problems } = decodeSecrets(found, scheme.decode);
  if (keys.length === 0) {
    const details = [...problems, ...found.missing];
    return {
      reason: `it has no secret to sign with (${details.join('; ') || 'none is named'}): ${wayOut()}`,
    };
  }
  return {
    secrets: found.secrets.map(({ value }) => value),
    warnings: problems,
    sign: (request, moment) => {
      // Settings keep the order in which they are named, and own secrets that of their making.
      const live = liveKeys(keys, moment.nowMs).reverse();
      if (live.length === 0)
        return new Unsendable('internal', `no secret of the endpoint counts at this time: ${wayOut()}`);
      return scheme.sign(live, request, moment);
    },
  };
}
