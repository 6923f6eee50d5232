import { generateKeyPairSync } from 'node:crypto';
import type { OutboundRequest } from '../../src/index.js';
import { outboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';
import type { SecretMeans } from '../../src/sign/secret-means.js';
import { createSigner, type Signer } from '../../src/sign/signer.js';
import { Unsendable } from '../../src/sign/unsendable.js';

export const SHARED = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** A new pair of keys as Standard Webhooks writes them. */
export function newKeyPair(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  return {
    privateKey: `whsk_${Buffer.concat([seed, point]).toString('base64')}`,
    publicKey: `whpk_${point.toString('base64')}`,
  };
}

/** @throws when nothing could be signed, with the reason */
export function signerOf(signing: object, means: Partial<SecretMeans> = {}): Signer {
  const config = outboundEndpointConfigSchema.parse({ signing });
  const signer = createSigner(config.signing, { own: {}, ...means });
  if ('reason' in signer) throw new Error(signer.reason);
  return signer;
}

/** A signer with one secret, in a setting. */
export const signerWith = (signing: object, secret: unknown): Signer =>
  signerOf({ secrets: [{ setting: 's' }], ...signing }, { backend: { settings: { s: secret } } });

export const requestOf = (fields: Partial<OutboundRequest> = {}): OutboundRequest => ({
  method: 'POST',
  url: 'https://receiver.example/hook?a=1',
  headers: { 'content-type': 'application/json' },
  body: '{"id":"evt_1","text":"Grüße, 世界","amount":1.50}',
  ...fields,
});

/** @throws when it could not be signed */
export function signed(signer: Signer, request: OutboundRequest, nowMs = Date.now()): OutboundRequest {
  const result = signer.sign(request, { deliveryId: 'dlv_1', nowMs });
  if (result instanceof Unsendable) throw new Error(`${result.cause}: ${result.reason}`);
  return result;
}
