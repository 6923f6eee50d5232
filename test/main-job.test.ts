import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHost, parseConfig, type Host } from 'glue-host';
import { inboundConfigSchema } from 'glue-inbound';
import { outboundConfigSchema } from 'glue-outbound';
import Stripe from 'stripe';
import request from 'supertest';

const webhookSecret = 'whsec_dGhlIHNlY3JldCBvZiB0aGUgbWFpbiBqb2I';
const apiKey = 'sk_test_theKeyOfTheMainJob';
const stripe = new Stripe(apiKey);

interface Received {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly idempotencyKey: string | string[] | undefined;
  readonly body: string;
}

/** A stand-in for Stripe's API that answers 503, then 429 with Retry-After, then 200. */
class Api {
  readonly received: Received[] = [];
  readonly #server: Server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { url, headers } = incoming;
      this.received.push({
        url,
        authorization: headers.authorization,
        idempotencyKey: headers['idempotency-key'],
        body: Buffer.concat(chunks).toString('utf8'),
      });
      const status = [503, 429][this.received.length - 1] ?? 200;
      answer.writeHead(status, status === 429 ? { 'retry-after': '1' } : {}).end('{}');
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve).closeAllConnections());
  }
}

describe('the main job, judged by Stripe’s own library', () => {
  const api = () => new Api();
  let folder: string;
  let receiver: Api;
  let host: Host;
  const path = '/webhooks/in/stripe-1-inbound';

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'glue-main-job-'));
    receiver = api();
    const apiBaseUrl = await receiver.start();
    const config = parseConfig(
      {
        host: { name: 'main-job', port: 0 },
        dataFolder: folder,
        connectors: { enabled: ['stripe'], egress: { stripe: ['127.0.0.1'] } },
        outbound: { allow: { cidrs: ['127.0.0.1/32'] } },
        log: { level: 'silent' },
        backends: [
          {
            type: 'stripe',
            name: 'Stripe',
            settings: { webhookSecret, apiKey, apiBaseUrl },
            provision: true,
          },
        ],
      },
      {
        baseFolder: process.cwd(),
        environment: {},
        inbound: inboundConfigSchema,
        outbound: outboundConfigSchema,
      },
    );
    host = createHost(config);
    await host.start();
  });

  afterEach(async () => {
    await host.stop();
    await receiver.stop();
    rmSync(folder, { recursive: true });
  });

  function signed(body: string, timestamp = Math.floor(Date.now() / 1000)): string {
    return stripe.webhooks.generateTestHeaderString({ payload: body, secret: webhookSecret, timestamp });
  }

  function post(body: string, signature: string, to = path): request.Test {
    return request(host.url)
      .post(to)
      .set('content-type', 'application/json')
      .set('stripe-signature', signature)
      .send(body);
  }

  const body = JSON.stringify({
    id: 'evt_1',
    type: 'payment_intent.succeeded',
    data: { object: { id: 'pi_1', object: 'payment_intent', description: 'Größe M' } },
  });

  it('verifies, stores before it answers, processes, and delivers through two refusals', async () => {
    const { inbound, outbound } = host.installation;
    await outbound?.endpoints.edit(
      'stripe-1-payment-intents',
      { config: { retryPolicy: { delays: ['1s', '1s'], jitter: 0 } } },
      'test',
    );
    await host.installation.changeFeed.look();

    const answer = await post(body, signed(body));
    expect(answer.status).toBe(202);
    const { status, event_id: id } = answer.body as { status: string; event_id: string };
    expect(status).toBe('accepted');
    expect(await inbound?.events.get(id)).toMatchObject({ id, type: 'payment_intent.succeeded' });

    const delivery = await eventually(async () => {
      const { deliveries = [] } = (await outbound?.deliveries.list()) ?? {};
      return deliveries.find(({ state }) => state === 'done');
    });
    expect(receiver.received).toHaveLength(3);
    expect(new Set(receiver.received.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(receiver.received[0]).toEqual({
      url: '/v1/payment_intents/pi_1',
      authorization: `Bearer ${apiKey}`,
      idempotencyKey: 'evt_1',
      body: 'metadata%5Bglue_event%5D=evt_1',
    });

    const shown = await outbound?.deliveries.get(delivery.id);
    expect(shown?.attempts).toBe(3);
    const attempts = await host.installation.database('glue_delivery_attempts').orderBy('number');
    expect(attempts.map(({ number, cause, status: code }) => [number, cause, code])).toEqual([
      [1, 'http_5xx', 503],
      [2, 'throttled', 429],
      [3, null, 200],
    ]);
    for (const table of [
      'glue_delivery_attempts',
      'glue_deliveries',
      'glue_delivery_payloads',
      'glue_event_payloads',
    ]) {
      const text = JSON.stringify(await host.installation.database(table));
      expect(text).not.toContain(apiKey);
      expect(text).not.toContain(webhookSecret);
    }

    const again = await post(body, signed(body));
    expect([again.status, again.body]).toEqual([202, answer.body]);
    expect(await inbound?.events.get(id)).toMatchObject({ state: 'done', attempts: 1, duplicates: 1 });
    expect(receiver.received).toHaveLength(3);
  });

  it('refuses what is not proven, too old, malformed or addressed to nobody, and keeps each as a rejection', async () => {
    const now = Math.floor(Date.now() / 1000);
    const broken = '{"id":';
    const answers = [
      await post(body, signed(`${body} `)),
      await post(body, signed(body, now - 301)),
      await post(broken, signed(broken)),
      await post(body, signed(body), '/webhooks/in/nobody'),
      await request(host.url).get(path),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 400, 404, 405]);
    // The two ways to fail the proof look the same from outside.
    expect(answers[0]?.body).toEqual(answers[1]?.body);
    const kept = await eventually(async () => {
      const rejections = (await host.installation.inbound?.rejections.list()) ?? [];
      return rejections.length === 5 ? rejections : undefined;
    });
    expect(kept.map(({ cause }) => cause).sort()).toEqual([
      'freshness',
      'method',
      'payload',
      'signature',
      'unknown_endpoint',
    ]);
    expect(await host.installation.database('glue_events')).toEqual([]);
    expect(await host.installation.database('glue_deliveries')).toEqual([]);
  });
});

/** Waits for what the host brings about by itself. */
async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let turn = 0; turn < 1_500; turn += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not come about within 15 s');
}
