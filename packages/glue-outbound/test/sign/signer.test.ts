import { describe, expect, it } from '@jest/globals';
import { outboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';
import { Unsendable } from '../../src/sign/unsendable.js';
import { newKeyPair, requestOf, SHARED, signed, signerOf, signerWith } from '../support/signing.js';

const NOW = Date.UTC(2026, 0, 1);
const OTHER = 'whsec_b2xkZXIgc2VjcmV0IG9mIG91cnM=';
const standard = { mode: 'standard-webhooks' };
const signatures = (headers: Readonly<Record<string, string>>) =>
  (headers['webhook-signature'] ?? '').split(' ');
const by = (secret: string) =>
  signed(signerWith(standard, secret), requestOf(), NOW).headers['webhook-signature'];

describe('a signature', () => {
  it('has the id of the delivery and the time of the attempt', () => {
    const signer = signerWith(standard, SHARED);
    const first = signed(signer, requestOf(), NOW).headers;
    const second = signed(signer, requestOf(), NOW + 5_000).headers;
    expect(first).toMatchObject({ 'webhook-id': 'dlv_1', 'webhook-timestamp': String(NOW / 1000) });
    expect(second).toMatchObject({ 'webhook-id': 'dlv_1', 'webhook-timestamp': String(NOW / 1000 + 5) });
    expect(second['webhook-signature']).not.toBe(first['webhook-signature']);
  });

  it('is made with every secret whose time it is, the newest first', () => {
    const signer = signerOf(
      { ...standard, secrets: [{ setting: 's' }] },
      {
        backend: { settings: { s: [{ secret: 'whsec_AAAA', notAfter: NOW - 1 }, OTHER] } },
        own: {
          secrets: [
            { id: '1', value: SHARED },
            { id: '2', value: 'whsec_BBBB', notBefore: NOW + 1 },
          ],
        },
      },
    );
    expect(signatures(signed(signer, requestOf(), NOW).headers)).toEqual([by(SHARED), by(OTHER)]);
    expect(signatures(signed(signer, requestOf(), NOW + 1).headers)).toHaveLength(3);
  });

  it('is one of each kind where shared secrets and private keys are mixed', () => {
    const { headers } = signed(signerWith(standard, [SHARED, newKeyPair().privateKey]), requestOf(), NOW);
    expect(signatures(headers)).toEqual([expect.stringMatching(/^v1a,/), by(SHARED)]);
  });

  it('is repeated within a structured header: t=…,v1=…,v1=…', () => {
    const { headers } = signed(signerWith({ mode: 'hmac', preset: 'stripe' }, ['a', 'b']), requestOf(), NOW);
    expect(headers['stripe-signature']).toMatch(/^t=1767225600,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/);
  });

  it('is the newest secret’s alone where the scheme has room for one', () => {
    const github = { mode: 'hmac', preset: 'github' };
    const both = signed(signerWith(github, ['old', 'new']), requestOf(), NOW).headers;
    expect(both).toEqual(signed(signerWith(github, 'new'), requestOf(), NOW).headers);
  });

  it('is not made of a header that leaves open where it ends', () => {
    const at = { deliveryId: 'dlv_1', nowMs: NOW };
    const made = [standard, { mode: 'hmac', preset: 'svix' }].map((signing) => {
      const id = signing === standard ? 'webhook-id' : 'svix-id';
      return signerWith(signing, SHARED).sign(requestOf({ headers: { [id]: 'msg.1' } }), at);
    });
    expect(made).toEqual([
      new Unsendable('rendering', 'it cannot be signed: the signed header webhook-id holds the joiner "."'),
      new Unsendable('rendering', 'it cannot be signed: the signed header svix-id holds the joiner "."'),
    ]);
  });

  it('covers bytes as they are', () => {
    const bytes = new Uint8Array([0, 255, 128, 10]);
    const one = signed(signerWith(standard, SHARED), requestOf({ body: bytes }), NOW);
    const other = signed(
      signerWith(standard, SHARED),
      requestOf({ body: new Uint8Array([0, 255, 128]) }),
      NOW,
    );
    expect(one.body).toBe(bytes);
    expect(one.headers['webhook-signature']).not.toBe(other.headers['webhook-signature']);
  });

  it('covers a header that a rule gives, and the id of the delivery where none does', () => {
    const scheme = {
      ...{ mode: 'hmac', digest: 'sha256', encoding: 'hex', signature: { header: 'x-sig' } },
      message: [{ header: 'x-topic' }, { body: 'raw' }],
    };
    const topic = requestOf({ headers: { 'x-topic': 'orders' } });
    expect(signed(signerWith(scheme, 'a'), topic).headers).toMatchObject({ 'x-topic': 'orders' });
    expect(signed(signerWith(scheme, 'a'), requestOf()).headers).toMatchObject({ 'x-topic': 'dlv_1' });
  });

  it('is not made when no secret counts at the time: that is our fault', () => {
    const signer = signerWith(standard, [{ secret: SHARED, notAfter: NOW - 1 }]);
    expect(signer.sign(requestOf(), { deliveryId: 'dlv_1', nowMs: NOW })).toMatchObject({
      cause: 'internal',
      reason: expect.stringContaining('no secret of the endpoint counts at this time'),
    });
  });

  it('is not made of a value that the body lacks: no other try would help', () => {
    const scheme = {
      ...{ mode: 'hmac', digest: 'sha256', encoding: 'hex', signature: { header: 'x-sig' } },
      message: [{ json: 'order.id' }, { body: 'raw' }],
    };
    expect(signerWith(scheme, 'a').sign(requestOf(), { deliveryId: 'd', nowMs: NOW })).toEqual({
      cause: 'rendering',
      reason: 'it cannot be signed: the signed JSON value is missing',
    });
  });
});

describe('an endpoint cannot sign', () => {
  const { privateKey, publicKey } = newKeyPair();
  const seed = privateKey.slice(5);
  const cut = (bytes: number) => Buffer.from(seed, 'base64').subarray(0, bytes).toString('base64');
  const mixed = Buffer.concat([Buffer.from(cut(32), 'base64'), Buffer.alloc(32, 1)]).toString('base64');

  it.each([
    ['without a secret', '', 'the setting "s" of the backend holds no secret'],
    [
      'with the receiver’s public key',
      publicKey,
      "is the receiver's public key (whpk_): give the private one",
    ],
    ['with a cut key', `whsk_${cut(31)}`, 'is no private key: whsk_ and 32 or 64 bytes in base64'],
    ['with two halves that do not fit', `whsk_${mixed}`, 'with the public key of another one behind it'],
    ['with what is no base64', 'whsec_!', 'is not base64'],
  ])('%s', (_name, secret, reason) => {
    expect(() => signerWith(standard, secret)).toThrow(reason);
    if (secret !== '') expect(() => signerWith(standard, secret)).not.toThrow(secret);
  });

  it('with nothing named, and says what to do', () => {
    expect(() => signerOf(standard)).toThrow(
      'it has no secret to sign with (none is named): set it in the backend, or give the endpoint one of its own: glue endpoints secrets add <code>',
    );
  });

  it('unless its private key is sound, with its public key behind it or without', () => {
    expect(signed(signerWith(standard, privateKey), requestOf(), NOW)).toEqual(
      signed(signerWith(standard, `whsk_${cut(32)}`), requestOf(), NOW),
    );
  });
});

describe('the configuration of an endpoint that signs', () => {
  it.each([
    ['stripe', 'Stripe-Signature'],
    ['svix', 'svix-id'],
    ['slack', 'X-Slack-Request-Timestamp'],
  ])('has no rule for what %s writes: %s', (preset, name) => {
    const config = { signing: { mode: 'hmac', preset }, headers: [{ name, value: 'x' }] };
    expect(outboundEndpointConfigSchema.safeParse(config).error?.issues).toMatchObject([
      {
        path: ['headers', 0, 'name'],
        message: `the signing of the endpoint writes the header "${name}"`,
      },
    ]);
    expect(outboundEndpointConfigSchema.safeParse({ headers: config.headers }).success).toBe(true);
  });

  it('says everything: a scheme that covers no body is refused', () => {
    const signing = { mode: 'hmac', preset: 'stripe', message: [{ header: 'stripe-signature', part: 't' }] };
    expect(outboundEndpointConfigSchema.safeParse({ signing }).success).toBe(false);
  });
});
