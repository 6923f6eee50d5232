import { describe, expect, it } from '@jest/globals';
import { attachFile, type Json } from 'glue-core';
import type { Delivery } from '../../src/delivery.js';
import { outboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';
import { overrideRequest, overridesSchema } from '../../src/render/override-request.js';
import { renderRequest } from '../../src/render/render-request.js';

const delivery: Delivery = {
  id: '0199',
  payload: { amount: 5 },
  context: { order: 7, zero: 0, tags: ['a'] },
  headers: {},
  idempotencyKey: 'order-7',
  attempt: 2,
  endpoint: { id: 1, code: 'fake-1-out', suffix: 'out', name: 'Fake out', company: 'acme' },
  backend: { type: 'fake', id: 1 },
  createdAt: 1_000,
};

const render = (
  config: object,
  changes: { [Key in keyof Delivery]?: Delivery[Key] | undefined } = {},
  shape: { baseUrl?: string; headers?: Record<string, string> } = {},
) =>
  renderRequest({
    delivery: { ...delivery, ...changes },
    config: outboundEndpointConfigSchema.parse({ baseUrl: 'https://api.example.com', ...config }),
    userAgent: 'Glue/1.0.0',
    ...shape,
  });

const refusal = (words: string) =>
  expect.objectContaining({
    code: 'GLUE_RENDERING',
    message: expect.stringContaining(words),
  });

describe('rendering a request', () => {
  it('puts method, URL, headers and body together', () => {
    expect(render({ method: 'PUT', path: '/orders/{order}' })).toEqual({
      method: 'PUT',
      url: 'https://api.example.com/orders/7',
      headers: { 'user-agent': 'Glue/1.0.0', 'content-type': 'application/json' },
      body: '{"amount":5}',
    });
  });

  it('is repeatable and leaves its input alone', () => {
    const before = structuredClone(delivery);
    const config = { path: '/{order}', headers: [{ name: 'x-try', value: { delivery: 'attempt' } }] };
    expect(render(config)).toEqual(render(config));
    expect(delivery).toEqual(before);
  });

  it.each<[string, string, Json, string, string]>([
    ['json', 'null', null, 'null', 'application/json'],
    ['json', 'a list', [1, 'ü'], '[1,"ü"]', 'application/json'],
    ['form', 'an object', { a: { b: 1 } }, 'a%5Bb%5D=1', 'application/x-www-form-urlencoded'],
    ['raw', 'bytes', attachFile(Buffer.from('%PDF'), { type: 'application/pdf' }), '%PDF', 'application/pdf'],
    ['raw', 'bytes of no type', attachFile(Buffer.from('x')), 'x', 'application/octet-stream'],
    ['json', 'false', false, 'false', 'application/json'],
    ['json', 'an empty text', '', '""', 'application/json'],
    ['raw', 'a text', 'as it is\n', 'as it is\n', 'text/plain; charset=utf-8'],
  ])('encodes as %s: %s', (body, _name, payload, text, type) => {
    const request = render({ body }, { payload });
    const sent = Buffer.from(request.body ?? '').toString();
    expect([sent, request.headers['content-type']]).toEqual([text, type]);
  });

  it('sends no body and no content type without a payload', () => {
    const { payload: _payload, ...empty } = delivery;
    const request = renderRequest({
      delivery: empty,
      config: outboundEndpointConfigSchema.parse({ method: 'GET', baseUrl: 'https://a.example' }),
      userAgent: 'Glue/1',
    });
    expect(request).toEqual({
      method: 'GET',
      url: 'https://a.example/',
      headers: { 'user-agent': 'Glue/1' },
    });
  });

  it('merges headers without regard to case: rules, then the delivery, then the backend', () => {
    const headers = [
      { name: 'X-A', value: 'rule' },
      { name: 'X-B', value: 'rule' },
      { name: 'X-C', value: 'rule' },
      { name: 'Content-Type', value: 'application/vnd.acme+json' },
    ];
    const request = render(
      { headers },
      { headers: { 'x-b': 'delivery', 'x-c': 'delivery' } },
      { headers: { 'X-C': 'backend' } },
    );
    expect(request.headers).toMatchObject({
      'x-a': 'rule',
      'x-b': 'delivery',
      'x-c': 'backend',
      'content-type': 'application/vnd.acme+json',
    });
  });

  it.each<[object | string, string]>([
    ['literal', 'literal'],
    [{ context: 'zero' }, '0'],
    [{ context: 'tags' }, '["a"]'],
    [{ delivery: 'id' }, '0199'],
    [{ delivery: 'idempotency_key' }, 'order-7'],
    [{ delivery: 'attempt' }, '2'],
    [{ delivery: 'created_at' }, '1000'],
    [{ endpoint: 'company' }, 'acme'],
    [{ literal: 7 }, '7'],
    [{ literal: { a: true } }, '{"a":true}'],
    [{ context: 'tags[0]' }, 'a'],
    [{ payload: 'amount' }, '5'],
    [{ payload: 'total' }, '5'],
    [{ header: 'X-Queued' }, 'q'],
    [{ header: 'x-earlier' }, 'rule'],
  ])('takes a header value from %j', (value, expected) => {
    const config = {
      payload: [{ copy: 'amount', to: 'total' }],
      headers: [
        { name: 'X-Earlier', value: 'rule' },
        { name: 'X', value },
      ],
    };
    expect(render(config, { headers: { 'x-queued': 'q' } }).headers['x']).toBe(expected);
  });

  it.each<[string, () => unknown, string]>([
    [
      'a context value that is missing',
      () => render({ headers: [{ name: 'x', value: { context: 'nope' } }] }),
      '"nope"',
    ],
    [
      'a context value that is null',
      () => render({ headers: [{ name: 'X-Y', value: { context: 'none' } }] }, { context: { none: null } }),
      '"X-Y"',
    ],
    [
      'a header that is made later',
      () =>
        render({
          headers: [
            { name: 'x', value: { header: 'y' } },
            { name: 'y', value: '1' },
          ],
        }),
      '"y"',
    ],
    [
      'a payload that a rule made for GET',
      () => render({ method: 'GET', payload: [{ set: 'a', value: '1' }] }, { payload: undefined }),
      'GET',
    ],
    ['no base URL', () => render({ baseUrl: undefined }), 'gives a base URL'],
    [
      'a base URL with a path',
      () => render({}, {}, { baseUrl: 'https://x.example/v1' }),
      'scheme and host only',
    ],
    ['a payload for GET', () => render({ method: 'GET' }), 'GET'],
    ['a list as form', () => render({ body: 'form' }, { payload: [1] }), 'object'],
    ['an object as raw body', () => render({ body: 'raw' }), 'text'],
    ['a reserved header of the backend', () => render({}, {}, { headers: { Host: 'evil' } }), '"Host"'],
    ['a header with a line break', () => render({}, {}, { headers: { x: 'a\r\nb: c' } }), '"x"'],
  ])('refuses %s', (_name, attempt, words) => {
    expect(attempt).toThrow(refusal(words));
  });

  it('leaves out a header whose source is optional and has no value', () => {
    const headers = [
      { name: 'a', value: { context: 'nope', optional: true } },
      { name: 'b', value: { context: 'none', optional: true } },
      { name: 'c', value: { delivery: 'idempotency_key', optional: true } },
      { name: 'd', value: { header: 'a', optional: true } },
    ];
    const { idempotencyKey: _key, ...keyless } = delivery;
    const request = renderRequest({
      delivery: { ...keyless, context: { none: null } },
      config: outboundEndpointConfigSchema.parse({ baseUrl: 'https://a.example', headers }),
      userAgent: 'Glue/1',
    });
    expect(Object.keys(request.headers)).toEqual(['user-agent', 'content-type']);
  });

  it('sends DELETE with a body where there is a payload, and without one where there is none', () => {
    expect(render({ method: 'DELETE' }).body).toBe('{"amount":5}');
    expect(render({ method: 'DELETE' }, { payload: undefined })).not.toHaveProperty('body');
  });

  it('lets the base URL of the backend win', () => {
    expect(render({}, {}, { baseUrl: 'https://eu.example' }).url).toBe('https://eu.example/');
  });

  describe('that a handler changes', () => {
    const file = { payload: { f: attachFile(Buffer.from('x')) } };

    it('keeps what is left out', () => {
      const request = render({});
      expect(overrideRequest(request)).toEqual(request);
      expect(overrideRequest(request, { method: undefined, body: undefined })).toEqual(request);
      expect(overrideRequest(request, { body: 'other', headers: { 'X-Own': '1' } })).toEqual({
        ...request,
        body: 'other',
        headers: { ...request.headers, 'x-own': '1' },
      });
    });

    it('says no more what a multipart body was made of when it has another', () => {
      const request = render({ body: 'multipart' }, file);
      expect(overrideRequest(request, { method: 'PUT' }).parts).toHaveLength(1);
      expect(overrideRequest(request, { body: Buffer.from('y') })).not.toHaveProperty('parts');
    });

    it('has no body and no content type when it is null', () => {
      expect(overrideRequest(render({}), { method: 'GET', body: null })).toEqual({
        method: 'GET',
        url: 'https://api.example.com/',
        headers: { 'user-agent': 'Glue/1.0.0' },
      });
    });

    it.each<[object]>([
      [{ url: 42 }],
      [{ url: 'ftp://a.example' }],
      [{ url: 'https://user:secret@a.example' }],
      [{ url: 'https://a.example/#' }],
      [{ method: 'TRACE' }],
      [{ headers: { Host: 'evil' } }],
      [{ headers: { 'Webhook-Id': '1' } }],
      [{ headers: { x: 'a\r\nb: c' } }],
      [{ headers: { x: 1 } }],
      [{ headers: new Headers({ x: '1' }) }],
      [{ headers: ['x'] }],
      [{ body: { a: 1 } }],
      [{ header: { x: '1' } }],
    ])('is refused with %j', (overrides) => {
      expect(overridesSchema.safeParse(overrides).success).toBe(false);
    });
  });
});
