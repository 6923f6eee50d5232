import { afterEach, describe, expect, it } from '@jest/globals';
import { ConnectorBackend, done } from 'glue-core';
import { InboundBackend } from '../src/inbound-backend.js';
import { chooseHandler } from '../src/process/choose-handler.js';
import type { InboundHandler } from '../src/process/inbound-event.js';
import {
  configOf,
  openConfig,
  post,
  shopSettings,
  startInbound,
  type Fixture,
} from './support/inbound-fixture.js';

const handlers = { paid: 'shop:paid', constructor: 'shop:odd' };
const semantics = { handler_selector: [{ json: 'type' }] };

describe('the handler of an event', () => {
  it.each([
    ['chosen by its selector', 'shop:own', 'paid', 'shop:paid'],
    ['the endpoint’s, where the selector chooses none', 'shop:own', 'refunded', 'shop:own'],
    ['the endpoint’s, without a selector', 'shop:own', undefined, 'shop:own'],
    ['none, so the backend’s hook, where neither is', undefined, 'refunded', undefined],
    ['chosen by names that every object has, too', undefined, 'constructor', 'shop:odd'],
    ['not chosen by what objects inherit', undefined, 'toString', undefined],
    ['not chosen by the name of the prototype', undefined, '__proto__', undefined],
  ])('is %s', (_name, handler, selector, expected) => {
    const endpoint = { config: configOf({ semantics, handlers }), ...(handler && { handler }) };
    const given = selector === undefined ? {} : { handler_selector: selector };
    expect(chooseHandler(endpoint, given)).toBe(expected);
  });

  it('is chosen only where the configuration says where the selector comes from', () => {
    expect(() => configOf({ handlers })).toThrow('needs semantics.handler_selector');
    expect(() => configOf({ semantics, handlers: { paid: 'paid' } })).toThrow('<connector>:<handler>');
  });
});

describe('an endpoint whose events choose their handlers', () => {
  class ShopBackend extends InboundBackend(ConnectorBackend<{ webhookSecret: string }>) {
    static readonly type = 'shop';
    static readonly settings = shopSettings;
    override handleInboundEvent() {
      return Promise.resolve(done('hook'));
    }
  }
  const noting = (note: string): InboundHandler => ({
    handleInboundEvent: () => Promise.resolve(done(note)),
  });

  let host: Fixture;
  afterEach(() => host.stop());

  async function send(type: string) {
    const body = JSON.stringify({ type });
    const { status, body: answer } = await post(`${host.url}/webhooks/in/shop`, body);
    await host.inbound.queue.idle();
    if (status !== 202) return { status };
    return host.inbound.events.get((answer as { event_id: string }).event_id);
  }

  it('gives each event to its handler, and the others to the backend', async () => {
    host = await startInbound({
      classes: [ShopBackend],
      handlers: { 'shop:paid': noting('paid'), 'shop:odd': noting('odd') },
    });
    const backend = await host.addBackend('shop');
    await host.addEndpoint({ path: 'shop', config: { ...openConfig, semantics, handlers }, backend });
    expect(await send('paid')).toMatchObject({ state: 'done', note: 'paid', handler: 'shop:paid' });
    expect(await send('constructor')).toMatchObject({ state: 'done', note: 'odd', handler: 'shop:odd' });
    expect(await send('refunded')).toMatchObject({ state: 'done', note: 'hook', handler: undefined });
  });

  it('asks providers to come again while one of the handlers is offered by nobody', async () => {
    host = await startInbound({ handlers: { 'shop:paid': noting('paid') } });
    await host.addEndpoint({ path: 'shop', config: { ...openConfig, semantics, handlers } });
    expect(await send('paid')).toEqual({ status: 503 });
    expect(host.logged).toContainEqual({
      fields: { endpoint: 'shop', reason: 'no enabled connector offers the handler "shop:odd"' },
      message: 'an active inbound endpoint cannot take requests',
    });
  });
});
