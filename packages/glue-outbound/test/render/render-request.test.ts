import { describe, expect, it } from '@jest/globals';
import type { Json } from 'glue-core';
import type { Delivery } from '../../src/delivery.js';
import { outboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';
import { overrideRequest, renderRequest } from '../../src/render/render-request.js';

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
  changes: Partial<Delivery> = {},
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
    ['raw', 'a text', 'as it is\n', 'as it is\n', 'text/plain; charset=utf-8'],
  ])('encodes as %s: %s', (body, _name, payload, text, type) => {
    const request = render({ body }, { payload });
    expect([request.body, request.headers['content-type']]).toEqual([text, type]);
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
  ])('takes a header value from %j', (value, expected) => {
    expect(render({ headers: [{ name: 'x', value }] }).headers['x']).toBe(expected);
  });

  it.each<[string, () => unknown, string]>([
    [
      'a context value that is missing',
      () => render({ headers: [{ name: 'x', value: { context: 'nope' } }] }),
      '"nope"',
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
    [
      'a reserved header of a handler',
      () => overrideRequest(render({}), { headers: { 'Webhook-Id': '1' } }),
      '"Webhook-Id"',
    ],
  ])('refuses %s', (_name, attempt, words) => {
    expect(attempt).toThrow(refusal(words));
  });

  it('lets the base URL of the backend win', () => {
    expect(render({}, {}, { baseUrl: 'https://eu.example' }).url).toBe('https://eu.example/');
  });

  it('lets a handler change parts and keeps the others', () => {
    const request = overrideRequest(render({}), { body: 'other', headers: { 'X-Own': '1' } });
    expect(request).toMatchObject({
      method: 'POST',
      body: 'other',
      headers: { 'content-type': 'application/json', 'x-own': '1' },
    });
  });
});
