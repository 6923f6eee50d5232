import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConnectorBackend } from 'glue-core';
import { InboundBackend, type InboundVerification } from '../src/inbound-backend.js';
import type { RawRequest } from '../src/receive/raw-request.js';
import { post, shopSettings, startInbound, type Fixture } from './support/inbound-fixture.js';

const body = '{"id":"evt_1"}';
const signedBy = (secret: string) => ({
  'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
});
const github = { verification: { mode: 'hmac', preset: 'github' } };
const HOUR = 3_600_000;

class ShopBackend extends InboundBackend(ConnectorBackend<{ webhookSecret: string }>) {
  static readonly type = 'shop';
  static readonly settings = shopSettings;

  override async verifyInboundRequest(
    { headers }: RawRequest,
    _context: InboundVerification,
  ): Promise<boolean> {
    const [proof] = headers['x-proof'] ?? [];
    if (proof === 'throw') throw new Error('the shop does not answer');
    return proof === this.settings.webhookSecret;
  }
}

describe('an endpoint', () => {
  let host: Fixture;
  beforeEach(async () => {
    host = await startInbound({ classes: [ShopBackend], publicUrl: 'https://hooks.example.com' });
  });
  afterEach(() => host.stop());

  const send = async (headers: Record<string, string>, path = 'x') =>
    (await post(`${host.url}/webhooks/in/${path}`, body, headers)).status;

  it('that is linked to no backend verifies by secrets of its own', async () => {
    await host.addEndpoint({ path: 'x', config: github });
    expect(await send(signedBy('one'))).toBe(503);
    await host.inbound.endpoints.secrets.add('x', { value: 'one' }, 'ann');
    await host.look();
    expect(await send(signedBy('one'))).toBe(202);
    expect(await send(signedBy('two'))).toBe(401);
  });

  it('lets a window open and close by the shared time alone', async () => {
    await host.addEndpoint({ path: 'x', config: github });
    const now = host.clock.now();
    await host.inbound.endpoints.secrets.add(
      'x',
      { value: 'one', notBefore: now + HOUR, notAfter: now + 2 * HOUR },
      'ann',
    );
    await host.look();
    expect(await send(signedBy('one'))).toBe(503);
    host.clock.advance(HOUR);
    expect(await send(signedBy('one'))).toBe(202);
    host.clock.advance(HOUR + 1);
    expect(await send(signedBy('one'))).toBe(503);
  });

  it('takes the old secret beside the new one while they are rotated', async () => {
    const backend = await host.addBackend('shop', { webhookSecret: 'in settings' });
    await host.addEndpoint({
      path: 'x',
      backend,
      config: { verification: { ...github.verification, secrets: [{ setting: 'webhookSecret' }] } },
    });
    const own = host.inbound.endpoints.secrets;
    await own.add('x', { value: 'old' }, 'ann');
    await own.rotate('x', { value: 'new', overlapMs: HOUR }, 'ann');
    await host.look();
    const taken = async () => [
      await send(signedBy('in settings')),
      await send(signedBy('old')),
      await send(signedBy('new')),
    ];
    expect(await taken()).toEqual([202, 202, 202]);
    host.clock.advance(HOUR);
    expect(await taken()).toEqual([202, 401, 202]);
  });

  it('takes every secret of a list in the settings, each in its time', async () => {
    const backend = await host.addBackend('shop', { webhookSecret: 'new', oldSecrets: ['old'] });
    const secrets = [{ setting: 'webhookSecret' }, { setting: 'oldSecrets' }];
    await host.addEndpoint({
      path: 'x',
      backend,
      config: { verification: { ...github.verification, secrets } },
    });
    const taken = async () => [await send(signedBy('new')), await send(signedBy('old'))];
    expect(await taken()).toEqual([202, 202]);
    const oldSecrets = [{ secret: 'old', notAfter: host.clock.now() + HOUR }];
    await host.backends.update({ type: 'shop', id: 1 }, { settings: { oldSecrets } }, 'ann');
    const rows = JSON.stringify(await host.database('glue_backends'));
    expect(rows).not.toContain('"old"');
    await host.look();
    expect(await taken()).toEqual([202, 202]);
    host.clock.advance(HOUR + 1);
    expect(await taken()).toEqual([202, 401]);
  });

  it('that nobody can be verified by says so once, and the way out', async () => {
    await host.addEndpoint({ path: 'x', config: github });
    await host.look();
    await host.look();
    expect(host.logged.filter(({ message }) => message.includes('cannot take requests'))).toEqual([
      {
        message: 'an active inbound endpoint cannot take requests',
        fields: {
          endpoint: 'x',
          reason:
            'it has no secret to verify with (none is named): set it in the backend, or give the endpoint one of its own: glue endpoints secrets add <code>',
        },
      },
    ]);
    await send({ 'x-hub-signature-256': 'sha256=00' });
    await host.inbound.rejections.idle();
    const [rejection] = await host.inbound.rejections.list();
    expect(rejection).toMatchObject({ cause: 'configuration' });
    expect(JSON.stringify(rejection)).not.toContain('sha256=00');
  });

  it('may be verified by its connector, whose failures refuse nobody for good', async () => {
    const backend = await host.addBackend('shop', { webhookSecret: 'right' });
    const config = { verification: { mode: 'connector', secretHeaders: ['X-Proof'] } };
    await host.addEndpoint({ path: 'x', backend, config });
    expect(await send({ 'x-proof': 'right' })).toBe(202);
    expect(await send({ 'x-proof': 'wrong' })).toBe(401);
    expect(await send({ 'x-proof': 'throw' })).toBe(503);
    expect(host.logged).toContainEqual({
      message: 'a connector could not verify a request',
      fields: expect.objectContaining({ reason: 'Error', stack: expect.stringMatching(/^at /) as unknown }),
    });
    await host.inbound.rejections.idle();
    expect(JSON.stringify(host.logged)).not.toContain('the shop does not answer');
    const kept = [await host.inbound.rejections.list(), await host.inbound.events.list()];
    expect(JSON.stringify(kept)).not.toContain('x-proof');
  });

  it('verifies by the URL as its provider knows it', async () => {
    const verification = {
      ...{ mode: 'hmac', digest: 'sha256', encoding: 'hex', signature: { header: 'x-sig' } },
      message: [{ url: 'full' }, { body: 'raw' }],
    };
    await host.addEndpoint({ path: 'x', config: { verification } });
    await host.inbound.endpoints.secrets.add('x', { value: 'one' }, 'ann');
    await host.look();
    const sign = (url: string) => ({
      'x-sig': createHmac('sha256', 'one')
        .update(url + body)
        .digest('hex'),
    });
    expect(await send(sign('https://hooks.example.com/webhooks/in/x?a=%20'), 'x?a=%20')).toBe(202);
    expect(await send(sign('https://hooks.example.com/webhooks/in/x?a=+'), 'x?a=%20')).toBe(401);
    expect(await send(sign(`${host.url}/webhooks/in/x`))).toBe(401);
  });

  it.each<[string, object, string | null]>([
    ['basic', { mode: 'basic', username: 'u' }, 'Basic realm="webhooks", charset="UTF-8"'],
    ['bearer', { mode: 'bearer' }, 'Bearer realm="webhooks"'],
    ['hmac', github.verification, null],
  ])('asks as its mode %s has it, and says no more to anybody', async (_mode, verification, asks) => {
    await host.addEndpoint({ path: 'x', config: { verification } });
    await host.inbound.endpoints.secrets.add('x', { value: 'one' }, 'ann');
    await host.look();
    const { status, headers, body: answer } = await post(`${host.url}/webhooks/in/x`, body);
    expect([status, headers.get('www-authenticate')]).toEqual([401, asks]);
    expect(answer).toEqual({
      error: { code: 'unauthorized', message: 'The request could not be verified.' },
    });
  });
});
