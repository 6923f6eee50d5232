import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { verify as verifyOctokit } from '@octokit/webhooks-methods';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import { validateRequest, validateRequestWithBody } from 'twilio/lib/webhooks/webhooks.js';
import type { OutboundRequest } from '../../src/index.js';
import { newKeyPair, requestOf, SHARED, signed, signerWith } from '../support/signing.js';

/** What we sign, the vendors' own libraries take; with one byte changed they do not. */

interface Judge {
  readonly name: string;
  readonly signing: object;
  readonly secret: string;
  readonly request?: Partial<OutboundRequest>;
  takes(request: OutboundRequest, body: string): boolean | Promise<boolean>;
}

const didNotThrow = (check: () => unknown): boolean => {
  try {
    check();
    return true;
  } catch {
    return false;
  }
};
const form = new URLSearchParams([
  ['To', '+18005551212'],
  ['Body', 'Grüße & more'],
  ['MediaUrl', 'https://b'],
  ['Empty', ''],
]).toString();

const judges: Judge[] = [
  {
    name: 'standardwebhooks',
    signing: { mode: 'standard-webhooks' },
    secret: SHARED,
    takes: ({ headers }, body) => didNotThrow(() => new StandardWebhook(SHARED).verify(body, { ...headers })),
  },
  {
    name: 'svix, by the names of Standard Webhooks',
    signing: { mode: 'standard-webhooks' },
    secret: SHARED,
    takes: ({ headers }, body) => didNotThrow(() => new SvixWebhook(SHARED).verify(body, { ...headers })),
  },
  {
    name: 'svix, by its own',
    signing: { mode: 'hmac', preset: 'svix' },
    secret: SHARED,
    takes: ({ headers }, body) => didNotThrow(() => new SvixWebhook(SHARED).verify(body, { ...headers })),
  },
  {
    name: 'stripe',
    signing: { mode: 'hmac', preset: 'stripe' },
    secret: 'whsec_a',
    takes: ({ headers }, body) =>
      didNotThrow(() =>
        new Stripe('sk_test_x').webhooks.constructEvent(body, headers['stripe-signature'] ?? '', 'whsec_a'),
      ),
  },
  {
    name: '@octokit/webhooks-methods',
    signing: { mode: 'hmac', preset: 'github' },
    secret: 'It’s a secret',
    takes: ({ headers }, body) => verifyOctokit('It’s a secret', body, headers['x-hub-signature-256'] ?? ''),
  },
  {
    name: 'twilio, a form',
    signing: { mode: 'hmac', preset: 'twilio' },
    secret: 'token',
    request: { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form },
    takes: ({ headers, url }, body) =>
      validateRequest(
        'token',
        headers['x-twilio-signature'] ?? '',
        url,
        Object.fromEntries(new URLSearchParams(body)),
      ),
  },
  {
    name: 'twilio, JSON',
    signing: { mode: 'hmac', preset: 'twilio' },
    secret: 'token',
    takes: ({ headers, url }, body) =>
      validateRequestWithBody('token', headers['x-twilio-signature'] ?? '', url, body),
  },
];

describe.each(judges)('$name', ({ signing, secret, request, takes }) => {
  const request1 = requestOf(request);
  const body = String(request1.body);

  it('takes what we sign', async () => {
    expect(await takes(signed(signerWith(signing, secret), request1), body)).toBe(true);
  });

  it('takes what we sign while secrets rotate, when its secret is the newest', async () => {
    const signer = signerWith(signing, ['whsec_b2xkZXIgc2VjcmV0IG9mIG91cnM=', secret]);
    expect(await takes(signed(signer, request1), body)).toBe(true);
  });

  it('takes no other body', async () => {
    const sent = signed(signerWith(signing, secret), request1);
    expect(await takes(sent, body.replace('1', '2'))).toBe(false);
  });

  it('takes nothing of another secret', async () => {
    const other = Buffer.from('another secret of this length').toString('base64');
    expect(await takes(signed(signerWith(signing, other), request1), body)).toBe(false);
  });
});

describe('a signature v1a', () => {
  it('is an ed25519 signature over id, time and body, as node:crypto sees it', () => {
    const { privateKey, publicKey } = newKeyPair();
    const { headers, body } = signed(signerWith({ mode: 'standard-webhooks' }, privateKey), requestOf());
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey.slice(5), 'base64').toString('base64url') },
      format: 'jwk',
    });
    const [version, text = ''] = headers['webhook-signature']?.split(',') ?? [];
    const message = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${String(body)}`;
    expect(version).toBe('v1a');
    expect(verify(null, Buffer.from(message), key, Buffer.from(text, 'base64'))).toBe(true);
    expect(verify(null, Buffer.from(`${message} `), key, Buffer.from(text, 'base64'))).toBe(false);
  });

  // Its vector: https://github.com/svix/svix-webhooks/blob/main/server/svix-server/src/worker.rs
  it('is the one of Svix for its key, a message and a time', () => {
    const key =
      'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==';
    const result = signerWith({ mode: 'standard-webhooks' }, key).sign(
      requestOf({ body: '{"test": 2432232314}' }),
      { deliveryId: 'msg_p5jXN8AQM9LWM0D4loKWxJek', nowMs: 1_614_265_330_000 },
    );
    expect(result).toMatchObject({
      headers: {
        'webhook-signature':
          'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
      },
    });
  });
});
