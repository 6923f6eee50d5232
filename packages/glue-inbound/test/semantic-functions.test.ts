import { afterEach, describe, expect, it } from '@jest/globals';
import { ConnectorBackend } from 'glue-core';
import { InboundBackend } from '../src/inbound-backend.js';
import type { RawRequest } from '../src/receive/raw-request.js';
import { openConfig, post, shopSettings, startInbound, type Fixture } from './support/inbound-fixture.js';

class ShopBackend extends InboundBackend(ConnectorBackend<{ webhookSecret: string }>) {
  static readonly type = 'shop';
  static readonly settings = shopSettings;
  override readonly semanticFunctions = {
    account: (_request: RawRequest, document: unknown) =>
      `${this.code}/${(document as { shop: { id: number } }).shop.id}`,
  };
}

const config = {
  ...openConfig,
  semantics: { tenant_key: [{ connector: 'account' }] },
  redactHeaders: ['X-Shop-Stamp'],
};

describe('a semantic function of a backend', () => {
  let host: Fixture;
  afterEach(() => host.stop());

  async function send(body: string) {
    host = await startInbound({ classes: [ShopBackend] });
    await host.addEndpoint({ path: 'shop', config, backend: await host.addBackend('shop') });
    return post(`${host.url}/webhooks/in/shop`, body, { 'x-shop-stamp': 'hidden', 'x-shown': 'yes' });
  }

  it('gives what the event is about, and listed headers are left out', async () => {
    expect(await send('{"shop":{"id":7}}')).toMatchObject({ status: 202 });
    const [event] = await host.inbound.events.list();
    const { payload } = await host.inbound.events.get(event?.id ?? '');
    expect(payload.semantics).toEqual({ tenant_key: 'shop/7' });
    expect(payload.headers).toMatchObject({ 'x-shown': ['yes'] });
    expect(payload.headers).not.toHaveProperty('x-shop-stamp');
  });

  it('that throws has the provider come again, and the log names it', async () => {
    const answer = await send('{}');
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
    expect(answer.headers.get('retry-after')).toBe('30');
    // Not its message, which may repeat the body.
    const reason = 'semantic function "account" of backend shop,1 threw TypeError';
    expect(host.logged).toContainEqual({
      fields: { endpoint: 'shop', reason, requests: 1 },
      message: 'requests were not accepted',
    });
    await host.inbound.rejections.idle();
    const [rejection] = await host.inbound.rejections.list();
    expect(rejection).toMatchObject({ cause: 'configuration', detail: reason });
    expect(rejection?.headers).not.toHaveProperty('x-shop-stamp');
    expect(await host.inbound.events.list()).toEqual([]);
  });
});
