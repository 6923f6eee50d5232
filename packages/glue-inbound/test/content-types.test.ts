import { describe, expect, it } from '@jest/globals';
import { contentTypeMatcher, contentTypesSchema } from '../src/endpoint/content-types.js';

describe('the content types of an endpoint', () => {
  it.each<[string[], string[] | undefined, boolean]>([
    [[], undefined, true],
    [[], ['anything at all'], true],
    [['application/json'], ['application/json'], true],
    [['application/json'], ['Application/JSON; charset=utf-8'], true],
    [['Application/JSON'], ['application/json'], true],
    [['application/json'], ['application/json ;charset=utf-8'], true],
    [['application/json'], ['application/jsonp'], false],
    [['application/json'], ['application/vnd.api+json'], false],
    [['application/json'], ['text/plain; application/json'], false],
    [['application/json'], undefined, false],
    [['application/json'], [''], false],
    [['application/json'], ['application/json', 'application/json'], false],
    [['application/*+json'], ['application/vnd.api+json'], true],
    [['application/*+json'], ['application/json'], false],
    [['application/*+json'], ['text/x+json'], false],
    [['application/*+json', 'application/json'], ['application/json'], true],
    [['text/*'], ['text/xml'], true],
    [['text/*'], ['text/a/b'], false],
    [['*/*'], ['a/b'], true],
    [['*/*'], ['nothing'], false],
    [['application/vnd.a.b+json'], ['application/vndXaXb+json'], false],
  ])('%j take %j: %s', (accepted, header, expected) => {
    expect(contentTypeMatcher(contentTypesSchema.parse(accepted))(header)).toBe(expected);
  });

  it.each([
    'json',
    'application/',
    '/json',
    '*',
    '*/json',
    'a b/c',
    'application/json; charset=utf-8',
    'a/*json',
  ])('cannot be "%s"', (text) => {
    expect(contentTypesSchema.safeParse([text]).success).toBe(false);
  });

  it('are told in a moment, whatever the header', () => {
    const takes = contentTypeMatcher(['application/*+json']);
    const start = performance.now();
    for (const piece of ['+json', 'a', '+', '/', ';']) takes([`application/${piece.repeat(3_000)}x`]);
    expect(performance.now() - start).toBeLessThan(200);
  });
});
