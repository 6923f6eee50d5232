import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EndpointRow } from '../src/endpoint/endpoint-table.js';
import type { EndpointOwner } from '../src/endpoint/endpoint-owner.js';
import { planEndpoint, type EndpointPlan } from '../src/endpoint/plan-endpoint.js';
import type { CatalogedSeed } from '../src/seeds/seed-catalog.js';

const shop: EndpointOwner = {
  name: 'Shop EU',
  technicalPrefix: 'shop-1',
  company: 'default',
  backend: { type: 'shop', id: 1 },
};
const connector: EndpointOwner = { name: 'shop', technicalPrefix: 'shop', company: 'default' };

function seedWith(more: Partial<CatalogedSeed> = {}): CatalogedSeed {
  const seed = { id: 'in', side: 'inbound', state: 'active', config: { a: 1, b: 2 } } as const;
  return { ...seed, seedId: 'shop:in', connector: 'shop', ...more };
}

/** The row that a plan leaves behind, with what an operator edits afterwards. */
function rowOf(plan: EndpointPlan, edit: Partial<EndpointRow> = {}): EndpointRow {
  return {
    id: 1,
    name: plan.name,
    code: plan.code,
    suffix: plan.suffix,
    state: 'active',
    reason: null,
    company: 'default',
    handler: plan.handler ?? null,
    backend_type: 'shop',
    backend_id: 1,
    path: plan.path ?? null,
    seed_id: plan.seed.seedId,
    seed_fields: JSON.stringify(plan.seedFields),
    config: JSON.stringify(plan.config),
    version: 1,
    created_at: 0,
    updated_at: 0,
    ...edit,
  };
}

const created = rowOf(planEndpoint(seedWith(), shop, undefined));

describe('planning a new endpoint', () => {
  it('names it after its backend', () => {
    expect(planEndpoint(seedWith(), shop, undefined)).toMatchObject({
      action: 'create',
      code: 'shop-1-in',
      name: 'Shop EU in',
      path: 'shop-1-in',
      suffix: 'in',
      config: { a: 1, b: 2 },
      conflicts: [],
    });
  });

  it('takes suffix, path and handler from the seed', () => {
    const seed = seedWith({ suffix: 'Payment Intents', path: 'Pay_1', handler: 'shop:keep' });
    expect(planEndpoint(seed, shop, undefined)).toMatchObject({
      code: 'shop-1-payment-intents',
      name: 'Shop EU Payment Intents',
      path: 'Pay_1',
      handler: 'shop:keep',
    });
  });

  it('gives an outbound one no path', () => {
    expect(planEndpoint(seedWith({ side: 'outbound' }), shop, undefined)).not.toHaveProperty('path');
  });

  it('names one that stands alone by the seed, else after the connector', () => {
    expect(planEndpoint(seedWith(), connector, undefined)).toMatchObject({
      code: 'shop-in',
      name: 'shop in',
    });
    expect(planEndpoint(seedWith({ name: 'Shop events' }), connector, undefined)).toMatchObject({
      code: 'shop-in',
      name: 'Shop events',
    });
  });
});

describe('planning an endpoint that is there', () => {
  it('changes nothing when nothing changed', () => {
    expect(planEndpoint(seedWith(), shop, created)).toMatchObject({ action: 'unchanged', updated: [] });
  });

  it('follows what the seed changes, adds and removes', () => {
    const plan = planEndpoint(seedWith({ config: { a: 9, c: 3 }, handler: 'shop:keep' }), shop, created);
    expect(plan).toMatchObject({ action: 'update', handler: 'shop:keep', conflicts: [] });
    expect(plan.config).toEqual({ a: 9, c: 3 });
    expect([...plan.updated].sort()).toEqual(['config.a', 'config.b', 'config.c', 'handler']);
  });

  it('keeps what the operator edited, and reports where the seed changed too', () => {
    const edited = { ...created, config: '{"a":7,"b":8,"mine":1}', handler: 'other:mine' };
    expect(planEndpoint(seedWith(), shop, edited)).toMatchObject({
      action: 'unchanged',
      config: { a: 7, b: 8, mine: 1 },
      handler: 'other:mine',
    });
    const changed = planEndpoint(seedWith({ config: { a: 9, b: 2 } }), shop, edited);
    expect(changed).toMatchObject({
      action: 'update',
      config: { a: 7, b: 8, mine: 1 },
      updated: [],
      conflicts: ['config.a'],
    });
    const settled = rowOf(changed, { handler: edited.handler });
    expect(planEndpoint(seedWith({ config: { a: 9, b: 2 } }), shop, settled)).toMatchObject({
      action: 'unchanged',
      conflicts: [],
    });
  });

  it('derives code and name anew when the backend was renamed', () => {
    const renamed = { ...shop, name: 'Shop US', technicalPrefix: 'us' };
    expect(planEndpoint(seedWith(), renamed, created)).toMatchObject({
      action: 'update',
      code: 'us-in',
      name: 'Shop US in',
      path: 'shop-1-in',
      updated: ['name', 'code'],
    });
  });

  it('keeps a suffix that the operator chose; code and name follow it', () => {
    const edited = { ...created, suffix: 'events', code: 'shop-1-events' };
    const plan = planEndpoint(seedWith(), shop, edited);
    expect(plan).toMatchObject({ suffix: 'events', code: 'shop-1-events', name: 'Shop EU events' });
    expect(planEndpoint(seedWith(), shop, rowOf(plan))).toMatchObject({ action: 'unchanged' });
    expect(planEndpoint(seedWith({ suffix: 'hooks' }), shop, rowOf(plan))).toMatchObject({
      suffix: 'events',
      code: 'shop-1-events',
      conflicts: ['suffix'],
    });
  });

  it('follows a suffix that the seed changes', () => {
    expect(planEndpoint(seedWith({ suffix: 'hooks' }), shop, created)).toMatchObject({
      suffix: 'hooks',
      code: 'shop-1-hooks',
      name: 'Shop EU hooks',
      path: 'shop-1-in',
      updated: ['suffix', 'name', 'code'],
    });
  });

  it('keeps a name that the operator chose', () => {
    const edited = { ...created, name: 'Payments' };
    expect(planEndpoint(seedWith(), shop, edited)).toMatchObject({ action: 'unchanged', name: 'Payments' });
    expect(planEndpoint(seedWith(), { ...shop, name: 'Shop US' }, edited)).toMatchObject({
      name: 'Payments',
      conflicts: ['name'],
    });
  });

  it('mends the code of a linked endpoint, and keeps the code of one that stands alone', () => {
    const edited = { code: 'mine' };
    expect(planEndpoint(seedWith(), shop, { ...created, ...edited })).toMatchObject({
      action: 'update',
      code: 'shop-1-in',
      updated: ['code'],
    });
    const alone = rowOf(planEndpoint(seedWith(), connector, undefined), edited);
    expect(planEndpoint(seedWith(), connector, alone)).toMatchObject({ action: 'unchanged', code: 'mine' });
  });

  it('never changes a path', () => {
    const seed = seedWith({ path: 'other' });
    expect(planEndpoint(seed, shop, created)).toMatchObject({ action: 'unchanged', path: 'shop-1-in' });
  });

  it('twice is the same as once, whatever seed, backend and operator did', () => {
    const words = fc.constantFrom('in', 'out', 'Payment Intents', '***');
    const configs = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat({ max: 2 }), {
      noNullPrototype: true,
    });
    const handlers = fc.constantFrom('shop:keep', 'other:mine');
    const seeds = fc
      .record({ suffix: words, config: configs, handler: handlers }, { requiredKeys: ['config'] })
      .map(seedWith);
    const owners = fc.constantFrom(shop, connector, { ...shop, name: 'Shop US', technicalPrefix: 'us' });
    const edits = fc.record(
      { name: words, suffix: words, code: words, config: configs.map((it) => JSON.stringify(it)) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(seeds, owners, edits, seeds, owners, (first, before, edit, then, now) => {
        const row = rowOf(planEndpoint(first, before, undefined), edit);
        const plan = planEndpoint(then, now, row);
        const again = planEndpoint(then, now, rowOf(plan, { path: row.path }));
        expect(again).toMatchObject({ action: 'unchanged', updated: [], conflicts: [] });
      }),
    );
  });
});
