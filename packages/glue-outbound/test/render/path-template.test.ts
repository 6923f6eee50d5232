import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isPathTemplate, renderPath } from '../../src/render/path-template.js';

describe('a path template', () => {
  it.each([
    ['/v1/charges/{id}', { id: 'ch_1' }, '/v1/charges/ch_1'],
    ['/{a}/{b}', { a: 0, b: false }, '/0/false'],
    ['/{a}', { a: 'x/../y?z#w' }, '/x%2F..%2Fy%3Fz%23w'],
    ['/{a}', { a: 'ä %2e' }, '/%C3%A4%20%252e'],
    ['/search?q={q}&limit=5', { q: 'a&b=c' }, '/search?q=a%26b%3Dc&limit=5'],
    ['/plain', {}, '/plain'],
  ])('%s with %j gives %s', (template, context, path) => {
    expect(renderPath(template, context)).toBe(path);
  });

  it.each<[string, Record<string, null | string | object>]>([
    ['is missing', {}],
    ['is null', { id: null }],
    ['is empty', { id: '' }],
    ['is an object', { id: {} }],
    ['is a dot', { id: '.' }],
    ['is two dots', { id: '..' }],
    ['is half a surrogate pair', { id: '\ud800' }],
  ])('names a token whose value %s', (_name, context) => {
    expect(() => renderPath('/a/{id}', context as Record<string, string>)).toThrow(
      expect.objectContaining({
        code: 'GLUE_RENDERING',
        message: expect.stringContaining('{id}'),
      }),
    );
  });

  it('takes nothing from the prototype of the context', () => {
    expect(() => renderPath('/{constructor}', {})).toThrow('{constructor}');
  });

  it('keeps every value within its segment', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (value) => {
        fc.pre(value !== '.' && value !== '..' && value.isWellFormed());
        const url = new URL(`https://example.com${renderPath('/before/{id}/after', { id: value })}`);
        const [, before, segment = '', after] = url.pathname.split('/');
        expect([before, decodeURIComponent(segment), after]).toEqual(['before', value, 'after']);
        expect(url.search + url.hash).toBe('');
      }),
    );
  });

  it('is what URL parsers leave as it is', () => {
    fc.assert(
      fc.property(
        fc.string().map((text) => `/${text}`),
        (text) => {
          fc.pre(isPathTemplate(text) && !text.includes('{'));
          const { pathname, search, hash } = new URL(`https://example.com${text}`);
          expect(hash).toBe('');
          expect(pathname + search).toBe(text.endsWith('?') && search === '' ? text.slice(0, -1) : text);
        },
      ),
    );
  });
});
