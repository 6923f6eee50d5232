import { describe, expect, it } from '@jest/globals';
import { hmacPresetNames } from 'glue-core';
import { inboundEndpointConfigSchema } from '../src/endpoint/endpoint-config.js';
import type { ProofMeans } from '../src/receive/proof.js';
import { signSample } from '../src/receive/sign-sample.js';
import { asReceived, verifierOf } from './support/verifying.js';

const NOW = Date.UTC(2026, 0, 1);
const SECRET = `whsec_${Buffer.from('thirty-two bytes of a test secret').toString('base64')}`;
const request = { url: '/webhooks/in/stripe-1-inbound', body: Buffer.from('{"id":"evt_1"}') };
const secrets = [{ setting: 's' }];
const holding = (s: string): ProofMeans => ({
  backend: { settings: { s, token: s.replace('_', '-') } },
  publicUrl: 'https://hooks.example.com/',
});

const sign = (verification: object, means: ProofMeans = holding(SECRET)) =>
  signSample(inboundEndpointConfigSchema.parse({ verification }), means, request, NOW);

/** Signs, and has an endpoint of the same configuration look at it. */
async function signedAndReceived(verification: object, signer = SECRET, holder = SECRET) {
  const { url, headers } = await sign(verification, holding(signer));
  return verifierOf(verification, { ...holding(holder), freshness: {} }).verify(
    asReceived({ url, headers, body: request.body }),
    NOW,
  );
}

describe('a signed sample', () => {
  const modes: [string, object][] = [
    ...hmacPresetNames.map((preset): [string, object] => [preset, { mode: 'hmac', preset, secrets }]),
    [
      'a scheme over URL and body with a timestamp in ISO 8601',
      {
        mode: 'hmac',
        secrets,
        digest: 'sha512',
        encoding: 'base64url',
        signature: { header: 'X-Signature' },
        message: [{ url: 'full' }, { header: 'X-Time' }, { body: 'raw' }],
        joiner: '|',
        timestamp: { header: 'X-Time', format: 'iso8601' },
      },
    ],
  ];

  const credentials: [string, object][] = [
    ['standard-webhooks', { mode: 'standard-webhooks', secrets }],
    ['basic', { mode: 'basic', username: 'u', secrets }],
    ['bearer', { mode: 'bearer', secrets: [{ setting: 'token' }] }],
    ['api-key in a header', { mode: 'api-key', key: { header: 'x-api-key', prefix: 'Key ' }, secrets }],
    ['api-key in the query', { mode: 'api-key', key: { query: 'key' }, secrets }],
  ];

  it.each([...modes, ...credentials])(
    'is taken by an endpoint that verifies by %s',
    async (_name, verification) => {
      expect(await signedAndReceived(verification)).toBeUndefined();
    },
  );

  it.each([...modes, ...credentials])(
    'is refused by %s when it was signed with another secret',
    async (_name, verification) => {
      const other = `whsec_${Buffer.from('another test secret').toString('base64')}`;
      expect(await signedAndReceived(verification, other)).toMatchObject({ cause: 'signature' });
    },
  );

  it('looks as Stripe writes it', async () => {
    const { headers } = await sign({ mode: 'hmac', preset: 'stripe', secrets });
    expect(headers).toEqual({ 'stripe-signature': expect.stringMatching(/^t=1767225600,v1=[0-9a-f]{64}$/) });
  });

  it('needs a secret, and says in which setting it is missing', async () => {
    const signed = sign({ mode: 'hmac', preset: 'stripe', secrets }, {});
    await expect(signed).rejects.toMatchObject({
      code: 'GLUE_ENDPOINT_INCOMPLETE',
      message: expect.stringContaining('the setting "s" of the backend holds no secret'),
    });
  });

  it('has the timestamp that freshness is judged by, also where it is not signed', async () => {
    const timestamp = { header: 'X-Time', format: 'unix_ms' };
    const verification = { mode: 'api-key', key: { header: 'x-api-key' }, secrets };
    const config = inboundEndpointConfigSchema.parse({ verification, freshness: { timestamp } });
    const { headers } = await signSample(config, holding('k'), request, NOW);
    expect(headers).toEqual({ 'x-api-key': 'k', 'x-time': String(NOW) });
  });

  it('covers a JSON body by the hash in the URL, as Twilio does', async () => {
    const { url } = await sign({ mode: 'hmac', preset: 'twilio', secrets });
    expect(url).toMatch(/^\/webhooks\/in\/stripe-1-inbound\?bodySHA256=[0-9a-f]{64}$/);
  });

  it('is signed by a secret that counts now, of the backend or of the endpoint', async () => {
    const windows = [
      { id: '1', value: 'ended', notAfter: NOW - 1 },
      { id: '2', value: 'later', notBefore: NOW + 1 },
      { id: '3', value: 'now' },
    ];
    const verification = { mode: 'bearer', secrets: [] };
    const { headers } = await sign(verification, { own: { secrets: windows } });
    expect(headers).toEqual({ authorization: 'Bearer now' });
    await expect(sign(verification, { own: { secrets: windows.slice(0, 2) } })).rejects.toThrow(
      'a sample cannot be signed: no secret of the endpoint counts at this time',
    );
  });

  it.each<[string, object, ProofMeans, string]>([
    [
      'a public key only',
      { mode: 'standard-webhooks', secrets },
      holding(`whpk_${Buffer.alloc(32, 9).toString('base64')}`),
      'the setting "s" of the backend is a public key (whpk_), which verifies and cannot sign',
    ],
    [
      'a connector that signs nothing',
      { mode: 'connector' },
      { backend: { settings: {}, verifyInboundRequest: async () => true } },
      'the connector’s own code verifies, and its backend class has no signInboundSample',
    ],
    [
      'no public URL where the URL is signed',
      { mode: 'hmac', preset: 'twilio', secrets },
      { backend: { settings: { s: 'x' } } },
      'the URL is signed: set urlBase in the verification, or the host’s publicUrl',
    ],
    [
      'no user name',
      { mode: 'basic', username: { setting: 'user' }, secrets },
      holding('x'),
      'the setting "user" of the backend holds no user name: set it',
    ],
  ])('cannot be made with %s', async (_name, verification, means, why) => {
    await expect(sign(verification, means)).rejects.toMatchObject({
      code: 'GLUE_ENDPOINT_INCOMPLETE',
      message: `a sample cannot be signed: ${why}`,
    });
  });

  it('is signed by a connector that can', async () => {
    const signInboundSample = async ({ body }: { body: Buffer }, { nowMs }: { nowMs: number }) => ({
      'x-proof': `${body.length} at ${nowMs}`,
    });
    const { headers } = await sign({ mode: 'connector' }, { backend: { settings: {}, signInboundSample } });
    expect(headers).toEqual({ 'x-proof': `14 at ${NOW}` });
  });

  it('needs no headers where nothing is verified', async () => {
    expect(await sign({ mode: 'none' })).toEqual({ url: request.url, headers: {} });
  });
});
