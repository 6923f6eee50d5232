import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { manifestSchema, readSeeds, SeedCatalog, type EndpointSeed } from 'glue-core';
import { inboundEndpointConfigSchema, signSample } from 'glue-inbound';
import { outboundEndpointConfigSchema } from 'glue-outbound';
import Stripe from 'stripe';
import connector from '../src/index.js';
import { folder, samples, stripeAccount, WEBHOOK_SECRET } from './support/stripe-account.js';

const packageFile = readFileSync(new URL('package.json', folder), 'utf8');
const manifest = manifestSchema.parse((JSON.parse(packageFile) as { glue: unknown }).glue);
const seeds = await readSeeds(manifest.id, fileURLToPath(new URL(`${manifest.seeds}/`, folder)));
const inbound = seeds.endpoints.filter(({ side }) => side === 'inbound');
const outbound = seeds.endpoints.filter(({ side }) => side === 'outbound');

describe('the seeds', () => {
  it('are one inbound endpoint and one outbound endpoint per account', () => {
    const names = (all: readonly EndpointSeed[]) => all.map(({ id, backend }) => [backend, id]);
    expect(names(inbound)).toEqual([['stripe', 'inbound']]);
    expect(names(outbound)).toEqual([['stripe', 'payment-intents']]);
  });

  it('are for the sides and handlers of the connector', () => {
    const catalog = new SeedCatalog();
    catalog.add(seeds, manifest.sides);
    const offered = connector.handlers.map(({ handlerId }) => handlerId);
    expect(seeds.handlers.map(({ id }) => id)).toEqual(offered);
    catalog.checkHandlers((handler) => offered.some((id) => handler === `stripe:${id}`));
  });

  it.each(outbound)('$id has a valid configuration', ({ config }) => {
    expect(outboundEndpointConfigSchema.safeParse(config).error).toBeUndefined();
  });

  it.each(inbound)('$id has a valid configuration', ({ config }) => {
    expect(inboundEndpointConfigSchema.safeParse(config).error).toBeUndefined();
  });
});

describe('the inbound endpoint', () => {
  const config = inboundEndpointConfigSchema.parse(inbound[0]?.config);

  it.each(samples())('takes the sample %s signed as Stripe’s own library wants it', async (name, body) => {
    const nowMs = Date.now();
    const { headers } = await signSample(config, { backend: stripeAccount() }, { url: '/', body }, nowMs);
    const signature = headers['stripe-signature'] ?? '';
    const event = new Stripe('sk_test_1').webhooks.constructEvent(body, signature, WEBHOOK_SECRET);
    expect(event.type).toBe(name);
  });
});
