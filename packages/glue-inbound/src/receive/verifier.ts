import { hmacKeyOf, locatedScheme, standardKeyOf, usernameOf } from 'glue-core';
import { apiKeyOf, basicKeyOf, bearerKeyOf } from '../endpoint/credentials.js';
import type { InboundEndpointConfig } from '../endpoint/endpoint-config.js';
import { secretHeadersOf, signedTimestampOf, type Verification } from '../endpoint/verification.js';
import { checkFreshness } from './freshness.js';
import { proofByConnector, type Watch } from './proof-by-connector.js';
import { proofBySecret } from './proof-by-secret.js';
import type { Proof, ProofMeans, Unverifiable } from './proof.js';
import type { RawRequest } from './raw-request.js';
import type { Refusal } from './refusal.js';
import { verifyApiKey, verifyBasic, verifyBearer } from './verify-credentials.js';
import { verifyHmac } from './verify-hmac.js';
import { verifyStandardWebhooks } from './verify-standard-webhooks.js';

/** Proves the requests of one endpoint. Made once per change of the endpoint: secrets are decoded then. */
export interface Verifier {
  /**
   * Whether the endpoint's provider sent these bytes, and lately. Nothing that a caller sends makes it throw.
   * @param nowMs - the shared time, Unix milliseconds
   * @returns why not; undefined when it is proven
   */
  verify(request: RawRequest, nowMs: number): Refusal | undefined | Promise<Refusal | undefined>;
  /** Lower-case names of headers that prove, or hold a secret, and so are never kept. */
  readonly secretHeaders: readonly string[];
  /** What an answer 401 asks for; some senders hold credentials back until then (RFC 9110 §11.6.1). */
  readonly wwwAuthenticate?: string | undefined;
  /** Secrets that cannot be used, beside those that can. */
  readonly warnings: readonly string[];
}

const REALM = 'realm="webhooks"';
const wwwAuthenticate: Partial<Record<Verification['mode'], string>> = {
  basic: `Basic ${REALM}, charset="UTF-8"`,
  bearer: `Bearer ${REALM}`,
};

/** @returns the reason when nobody's request could be proven */
export function createVerifier(
  { verification, freshness }: Pick<InboundEndpointConfig, 'verification' | 'freshness'>,
  means: ProofMeans,
  watch: Watch,
): Verifier | Unverifiable {
  const proof = proofOf(verification, means, watch);
  if ('reason' in proof) return proof;
  const signed = signedTimestampOf(verification);
  return {
    secretHeaders: secretHeadersOf(verification),
    wwwAuthenticate: wwwAuthenticate[verification.mode],
    warnings: proof.warnings,
    verify: (request, nowMs) => {
      const fresh = () => checkFreshness(freshness, signed, request, nowMs);
      const refusal = proof.prove(request, nowMs);
      return refusal instanceof Promise ? refusal.then((late) => late ?? fresh()) : (refusal ?? fresh());
    },
  };
}

function proofOf(verification: Verification, means: ProofMeans, watch: Watch): Proof | Unverifiable {
  switch (verification.mode) {
    case 'hmac': {
      const scheme = locatedScheme(verification, means.publicUrl);
      if ('reason' in scheme) return scheme;
      return proofBySecret(verification.secrets, means, {
        decode: (text) => hmacKeyOf(scheme, text),
        check: (keys, request) => verifyHmac(scheme, keys, request),
      });
    }
    case 'standard-webhooks':
      return proofBySecret(verification.secrets, means, {
        decode: standardKeyOf,
        check: verifyStandardWebhooks,
      });
    case 'basic': {
      const username = usernameOf(verification, means.backend?.settings);
      if (typeof username !== 'string') return username;
      return proofBySecret(verification.secrets, means, {
        decode: (password) => basicKeyOf(username, password),
        check: verifyBasic,
      });
    }
    case 'bearer':
      return proofBySecret(verification.secrets, means, { decode: bearerKeyOf, check: verifyBearer });
    case 'api-key':
      return proofBySecret(verification.secrets, means, {
        decode: apiKeyOf,
        check: (digests, request) => verifyApiKey(verification.key, digests, request),
      });
    case 'connector':
      return proofByConnector(verification, means, watch);
    case 'none':
      return { prove: () => undefined, warnings: [] };
  }
}
