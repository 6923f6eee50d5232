import { describe, expect, it } from '@jest/globals';
import { GlueError } from 'glue-core';
import { hmacPresetNames } from '../src/endpoint/hmac-presets.js';
import { inboundConfigSchema, type InboundConfig } from '../src/endpoint/inbound-config.js';
import { secretKeysOf } from '../src/endpoint/secret-keys.js';
import { signSample } from '../src/receive/sign-sample.js';
import { verify } from '../src/receive/verify.js';

const NOW = Date.UTC(2026, 0, 1);
const SECRET = `whsec_${Buffer.from('thirty-two bytes of a test secret').toString('base64')}`;
const request = { url: '/webhooks/in/stripe-1-inbound', body: Buffer.from('{"id":"evt_1"}') };

function configWith(verification: Record<string, unknown>): InboundConfig {
  return inboundConfigSchema.parse({
    verification: { mode: 'hmac', secrets: [{ setting: 's' }], ...verification },
  });
}

function refusalOf(config: InboundConfig, headers: Record<string, string>, secret = SECRET): unknown {
  const { verification } = config;
  if (verification.mode !== 'hmac') throw new Error('the table holds hmac only');
  const found = secretKeysOf(verification, { s: secret });
  const distinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  return verify(verification, 'keys' in found ? found.keys : [], { ...request, headers: distinct });
}

describe('a signed sample', () => {
  const schemes = [
    ...hmacPresetNames.map((preset) => [preset, { preset }] as const),
    [
      'a scheme over URL and body with a timestamp in ISO 8601',
      {
        digest: 'sha512',
        encoding: 'base64url',
        signature: { header: 'X-Signature' },
        message: [{ urlBase: 'https://hooks.example.com' }, { header: 'X-Time' }, { body: 'raw' }],
        joiner: '|',
        timestamp: { header: 'X-Time', format: 'iso8601' },
      },
    ] as const,
  ];

  it.each(schemes)('is taken by an endpoint that verifies by %s', (_name, scheme) => {
    const config = configWith(scheme);
    expect(refusalOf(config, signSample(config, { s: SECRET }, request, NOW))).toBeUndefined();
  });

  it('is refused when it was signed with another secret', () => {
    const config = configWith({ preset: 'stripe' });
    const headers = signSample(config, { s: 'whsec_other' }, request, NOW);
    expect(refusalOf(config, headers)).toMatchObject({ cause: 'signature' });
  });

  it('looks as Stripe writes it', () => {
    const headers = signSample(configWith({ preset: 'stripe' }), { s: SECRET }, request, NOW);
    expect(headers).toEqual({ 'stripe-signature': expect.stringMatching(/^t=1767225600,v1=[0-9a-f]{64}$/) });
  });

  it('needs a secret, and says in which setting it is missing', () => {
    const sign = () => signSample(configWith({ preset: 'stripe' }), {}, request, NOW);
    expect(sign).toThrow(GlueError);
    expect(sign).toThrow('"s"');
  });

  it('needs no headers where nothing is verified', () => {
    const config = inboundConfigSchema.parse({ verification: { mode: 'none' } });
    expect(signSample(config, {}, request, NOW)).toEqual({});
  });
});
