import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from 'glue-core';
import { deeplyFrozen } from '../../src/dispatch/deeply-frozen.js';
import type { Delivery } from '../../src/delivery.js';
import { outboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';
import { renderRequest } from '../../src/render/render-request.js';

const name = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'a', 'b', '$file'),
  fc.string({ maxLength: 5 }),
);
const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const tree = fc.dictionary(name, json);
const payload = fc.option(fc.oneof(tree, json), { nil: undefined });
const path = name.map((step) => `[${JSON.stringify(step)}]`);
const optional = fc.boolean();
const source = fc.oneof(
  fc.string(),
  json.map((literal) => ({ literal })),
  fc.record({ context: path, optional }),
  fc.record({ payload: path, optional }),
  fc.record({ delivery: fc.constantFrom('id', 'attempt', 'created_at', 'idempotency_key'), optional }),
  fc.record({ header: fc.constantFrom('x-a', 'x-b'), optional }),
  fc.record({ endpoint: fc.constantFrom('code', 'company') }),
);
const payloadRule = fc.oneof(
  fc.record({ set: path, value: source }),
  fc.record({ copy: path, to: path, optional }),
  fc.record({ rename: path, to: path, optional }),
  fc.record({ remove: path, optional }),
);
const headerRule = fc.record({ name: fc.constantFrom('X-A', 'x-b', 'X-C'), value: source });
const config = fc.record({
  method: fc.constantFrom('POST', 'DELETE', 'GET'),
  body: fc.constantFrom('json', 'form', 'multipart', 'raw'),
  formArrays: fc.constantFrom('indices', 'brackets', 'repeat'),
  payload: fc.array(payloadRule, { maxLength: 4 }),
  headers: fc.array(headerRule, { maxLength: 4 }),
});

/** What a rendering gives, an error included. */
function outcome(render: () => unknown): unknown {
  try {
    return render();
  } catch (error) {
    return (error as { code?: string; message: string }).code + (error as Error).message;
  }
}

describe('rendering', () => {
  it('gives the same bytes each time, changes nothing, and fails in no way but its own', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    fc.assert(
      fc.property(config, payload, tree, fc.uuid(), (written, sent, context, id) => {
        const delivery: Delivery = deeplyFrozen({
          id,
          ...(sent !== undefined && { payload: sent }),
          context,
          headers: { 'x-b': 'queued' },
          attempt: 1,
          endpoint: { id: 1, code: 'c', suffix: 's', name: 'n', company: 'co' },
          createdAt: 1,
        });
        const stored = JSON.stringify(delivery);
        const parsed = outboundEndpointConfigSchema.parse({ baseUrl: 'https://a.example', ...written });
        const render = () => renderRequest({ delivery, config: parsed, userAgent: 'Glue/1' });
        const first = outcome(render);
        expect(outcome(render)).toEqual(first);
        if (typeof first === 'string') expect(first).toMatch(/^GLUE_RENDERING/);
        expect(JSON.stringify(delivery)).toBe(stored);
        expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });

  it('lets no header value break out of its line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('\r', '\n', '\0', '\r\n'), (text, end) => {
        const delivery: Delivery = {
          id: '1',
          context: { value: `${text}${end}X-Evil: 1` },
          headers: {},
          attempt: 1,
          endpoint: { id: 1, code: 'c', suffix: 's', name: 'n', company: 'co' },
          createdAt: 1,
        };
        const headers = [{ name: 'x', value: { context: 'value' } }];
        const parsed = outboundEndpointConfigSchema.parse({ baseUrl: 'https://a.example', headers });
        expect(() => renderRequest({ delivery, config: parsed, userAgent: 'Glue/1' })).toThrow(
          'HTTP does not allow',
        );
      }),
    );
  });
});
