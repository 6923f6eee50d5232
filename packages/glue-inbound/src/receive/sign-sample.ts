import type { KeyObject } from 'node:crypto';
import {
  apiKeyHeader,
  basicCredentials,
  decodeSecrets,
  findSecrets,
  hashedUrl,
  headersOf,
  hmacKeyOf,
  liveKeys,
  locatedScheme,
  sharedKeyOf,
  signHmac,
  standardScheme,
  timestampField,
  usernameOf,
  withQuery,
  type ApiKeyPlace,
  type Decoded,
  type HmacScheme,
  type SecretSource,
  type TimestampSource,
} from 'glue-core';
import { apiKeyOf, basicKeyOf, bearerKeyOf } from '../endpoint/credentials.js';
import type { InboundEndpointConfig } from '../endpoint/endpoint-config.js';
import { signedTimestampOf } from '../endpoint/verification.js';
import type { ProofMeans } from './proof.js';
import type { RawRequest } from './raw-request.js';
import { cannotSign, signedFields } from './sample-fields.js';

/** What a sample is sent with. */
export interface SignedSample {
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What an endpoint takes for its provider's: the inverse of its verifier. For samples and simulators.
 * @param request.url - path and query, as the request line would hold them
 * @throws GLUE_ENDPOINT_INCOMPLETE when there is nothing to sign with
 */
export async function signSample(
  { verification, freshness }: Pick<InboundEndpointConfig, 'verification' | 'freshness'>,
  means: ProofMeans,
  request: Pick<RawRequest, 'url' | 'body'>,
  nowMs: number,
): Promise<SignedSample> {
  const timestamp = freshness.timestamp ?? signedTimestampOf(verification);
  const unsigned = {
    url: request.url,
    headers: headersOf(timestamp ? [timestampField(timestamp, nowMs)] : []),
  };
  switch (verification.mode) {
    case 'hmac': {
      const scheme = locatedScheme(verification, means.publicUrl);
      if ('reason' in scheme) throw cannotSign(scheme.reason);
      const { key } = liveSecret(verification.secrets, means, nowMs, (text) => hmacKeyOf(scheme, text));
      return hmacSample(scheme, timestamp, key, request, nowMs);
    }
    case 'standard-webhooks': {
      const { key } = liveSecret(verification.secrets, means, nowMs, sharedKeyOf);
      return hmacSample(standardScheme, timestamp, key, request, nowMs);
    }
    case 'basic': {
      const username = usernameOf(verification, means.backend?.settings);
      if (typeof username !== 'string') throw cannotSign(username.reason);
      const decode = (password: string) => basicKeyOf(username, password);
      const { text } = liveSecret(verification.secrets, means, nowMs, decode);
      return withHeaders(unsigned, { authorization: `Basic ${basicCredentials(username, text)}` });
    }
    case 'bearer': {
      const { text } = liveSecret(verification.secrets, means, nowMs, bearerKeyOf);
      return withHeaders(unsigned, { authorization: `Bearer ${text}` });
    }
    case 'api-key':
      return withKey(
        unsigned,
        verification.key,
        liveSecret(verification.secrets, means, nowMs, apiKeyOf).text,
      );
    case 'connector': {
      const headers = await means.backend?.signInboundSample?.(request, { nowMs });
      if (!headers)
        throw cannotSign('the connector’s own code verifies, and its backend class has no signInboundSample');
      return withHeaders(unsigned, headers);
    }
    case 'none':
      return unsigned;
  }
}

/** The first secret that can be used now. */
function liveSecret<Key>(
  sources: readonly SecretSource[],
  { backend, own }: ProofMeans,
  nowMs: number,
  decode: (text: string) => Decoded<Key>,
): { key: Key; text: string } {
  const found = findSecrets(sources, backend?.settings, own);
  const { keys, problems } = decodeSecrets(found, (text) => {
    const decoded = decode(text);
    return 'key' in decoded ? { key: { ...decoded, text } } : decoded;
  });
  const [first] = liveKeys(keys, nowMs);
  if (first) return first;
  throw cannotSign(
    [...problems, ...found.missing].join('; ') || 'no secret of the endpoint counts at this time',
  );
}

function hmacSample(
  scheme: HmacScheme,
  timestamp: TimestampSource | undefined,
  key: KeyObject,
  request: Pick<RawRequest, 'url' | 'body'>,
  nowMs: number,
): SignedSample {
  const url = hashedUrl(scheme, request);
  const fields = signedFields(scheme, timestamp, nowMs);
  const signed = signHmac(scheme, [key], fields, { url, body: request.body });
  if ('problem' in signed) throw cannotSign(signed.problem);
  return { url, headers: signed.headers };
}

function withHeaders({ url, headers }: SignedSample, more: SignedSample['headers']): SignedSample {
  return { url, headers: { ...headers, ...more } };
}

function withKey(sample: SignedSample, place: ApiKeyPlace, key: string): SignedSample {
  if ('query' in place) return { ...sample, url: withQuery(sample.url, place.query, key) };
  return withHeaders(sample, { [place.header]: apiKeyHeader(place.prefix, key) });
}
