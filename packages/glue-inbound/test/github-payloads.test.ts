import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sign } from '@octokit/webhooks-methods';
import { ConnectorBackend } from 'glue-core';
import { InboundBackend } from '../src/inbound-backend.js';
import {
  githubConfig,
  post,
  SECRET,
  shopSettings,
  startInbound,
  type Fixture,
} from './support/inbound-fixture.js';

class ShopBackend extends InboundBackend(ConnectorBackend<{ webhookSecret: string }>) {
  static readonly type = 'shop';
  static readonly settings = shopSettings;
}

interface Payload {
  readonly type: string;
  readonly delivery: string;
  readonly body: string;
}

/** Everything that GitHub and its enterprise servers were seen to send, each laid out in another way. */
function payloadsOf(file: string): Payload[] {
  const groups = JSON.parse(readFileSync(file, 'utf8')) as { name: string; examples: unknown[] }[];
  return groups.flatMap(({ name: type, examples }) =>
    examples.map((example, index) => ({
      type,
      delivery: randomUUID(),
      body: JSON.stringify(example, null, index % 3),
    })),
  );
}

const folder = dirname(dirname(fileURLToPath(import.meta.resolve('@octokit/webhooks-examples'))));
const files = globSync('*/index.json', { cwd: folder }).sort();

describe('the payloads of @octokit/webhooks-examples', () => {
  let host: Fixture;
  beforeAll(async () => {
    host = await startInbound({ classes: [ShopBackend] });
    await host.addEndpoint({ path: 'github', config: githubConfig, backend: await host.addBackend('shop') });
  });
  afterAll(() => host.stop());

  async function send({ type, delivery, body }: Payload): Promise<string> {
    const answer = await post(`${host.url}/webhooks/in/github`, body, {
      'content-type': 'application/json',
      'x-github-event': type,
      'x-github-delivery': delivery,
      'x-hub-signature-256': await sign(SECRET, body),
    });
    expect(answer.status).toBe(202);
    return (answer.body as { event_id: string }).event_id;
  }

  it('are more than seven hundred', () => {
    expect(files.flatMap((file) => payloadsOf(join(folder, file))).length).toBeGreaterThan(700);
  });

  it.each(files)('of %s are stored byte for byte, with their type and identity', async (file) => {
    const payloads = payloadsOf(join(folder, file));
    const ids: string[] = [];
    for (let at = 0; at < payloads.length; at += 32)
      ids.push(...(await Promise.all(payloads.slice(at, at + 32).map(send))));
    expect(new Set(ids).size).toBe(payloads.length);

    for (const [index, { type, delivery, body }] of payloads.entries()) {
      const { payload, ...event } = await host.inbound.events.get(ids[index] ?? '');
      expect(event).toMatchObject({
        type,
        deliveryKey: delivery,
        deliveryKeySource: 'delivery_id',
        duplicates: 0,
      });
      expect(payload.semantics).toEqual({ event_type: type, delivery_id: delivery });
      expect(payload.body.equals(Buffer.from(body))).toBe(true);
      expect(payload.headers).toMatchObject({ 'x-github-event': [type], 'x-github-delivery': [delivery] });
      expect(payload.headers).not.toHaveProperty('x-hub-signature-256');
    }
  });
});
