import { describe, expect, it } from '@jest/globals';
import { GlueError, type NewDelivery, type OutboundGateway, type OutboundSelector } from 'glue-core';
import type { InboundContext, InboundEvent } from 'glue-inbound';
import { RecordOnlyHandler } from '../src/record-only-handler.js';
import { samples, stripeAccount } from './support/stripe-account.js';

const succeeded = { id: 'evt_1', type: 'payment_intent.succeeded', data: { object: { id: 'pi_1' } } };

/** Has an account look at a body, and gives what it decided and what it queued. */
async function decide(
  body: unknown,
  settings?: Parameters<typeof stripeAccount>[0],
  outbound?: OutboundGateway,
) {
  const queued: [OutboundSelector | undefined, NewDelivery][] = [];
  const recording: OutboundGateway = {
    outboundEndpoint: async (selector) => ({
      code: 'stripe-1-payment-intents',
      queueDraft: () => Promise.resolve(),
      queueDelivery: async (delivery) => {
        queued.push([selector, delivery]);
        return { id: '1', endpointCode: 'stripe-1-payment-intents' };
      },
    }),
  };
  const event = { body } as InboundEvent;
  const context = { outbound: outbound ?? recording } as InboundContext;
  return { outcome: await stripeAccount(settings).handleInboundEvent(event, context), queued };
}

describe('a Stripe account', () => {
  it.each<[string, unknown, object]>([
    ['what is no object', 'text', { kind: 'dead_letter', note: 'the body is no Stripe event' }],
    ['nothing', undefined, { kind: 'dead_letter', note: 'the body is no Stripe event' }],
    ['an event without an object', { id: 'evt_1', type: 'x' }, { kind: 'dead_letter' }],
    ['an event without an id', { ...succeeded, id: undefined }, { kind: 'dead_letter' }],
    [
      'an event of another type',
      { ...succeeded, type: 'payout.paid' },
      { kind: 'done', note: 'nothing to do for payout.paid' },
    ],
    [
      'a paid intent without an API key',
      succeeded,
      { kind: 'done', note: 'stored; no API key is set, so nothing is written back' },
    ],
  ])('queues nothing for %s', async (_name, body, outcome) => {
    const decided = await decide(body);
    expect(decided.outcome).toMatchObject(outcome);
    expect(decided.queued).toEqual([]);
  });

  it('notes on a paid intent which event told of it, once per event', async () => {
    const decided = await decide(succeeded, { apiKey: 'sk_test_1' });
    expect(decided.outcome).toEqual({ kind: 'done', note: 'metadata of pi_1 is on its way' });
    expect(decided.queued).toEqual([
      [
        { codeSuffix: 'payment-intents' },
        {
          payload: { metadata: { glue_event: 'evt_1' } },
          context: { payment_intent: 'pi_1' },
          idempotencyKey: 'evt_1',
        },
      ],
    ]);
  });

  it('leaves it to the retries when the outbound side is absent', async () => {
    const absent = new GlueError('GLUE_SIDE_ABSENT', 'the outbound side is not installed');
    const outbound = { outboundEndpoint: () => Promise.reject(absent) };
    await expect(decide(succeeded, { apiKey: 'sk_test_1' }, outbound)).rejects.toBe(absent);
  });

  it.each(samples())('takes the sample %s for an event of that type', async (name, body) => {
    const parsed = JSON.parse(body.toString()) as { type: string };
    expect(parsed.type).toBe(name);
    expect((await decide(parsed)).outcome.kind).toBe('done');
  });

  it('calls its API, with its key where there is one', () => {
    expect(stripeAccount().outboundBaseUrl()).toBe('https://api.stripe.com');
    expect(stripeAccount({ apiBaseUrl: 'http://127.0.0.1:1' }).outboundBaseUrl()).toBe('http://127.0.0.1:1');
    expect(stripeAccount().outboundHeaders()).toEqual({});
    expect(stripeAccount({ apiKey: 'sk_test_1' }).outboundHeaders()).toEqual({
      authorization: 'Bearer sk_test_1',
    });
  });
});

describe('the handler record-only', () => {
  it('keeps every event', async () => {
    expect(await new RecordOnlyHandler().handleInboundEvent()).toEqual({
      kind: 'done',
      note: 'recorded only',
    });
  });
});
