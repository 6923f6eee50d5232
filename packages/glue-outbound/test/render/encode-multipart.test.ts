import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { attachFile, type Json } from 'glue-core';
import { encodeMultipart } from '../../src/render/encode-multipart.js';

/** A foreign reader of multipart bodies: the one of fetch. */
async function read({ bytes, contentType }: { bytes: Uint8Array; contentType: string }) {
  const form = await new Response(Buffer.from(bytes), {
    headers: { 'content-type': contentType },
  }).formData();
  return Promise.all(
    [...form].map(async ([name, value]) =>
      typeof value === 'string'
        ? [name, value]
        : [name, value.name, value.type, Buffer.from(await value.arrayBuffer()).toString('latin1')],
    ),
  );
}

const encode = (payload: Json, seed = 'delivery-1') => encodeMultipart(payload, 'indices', seed);

describe('a multipart body', () => {
  it('has a part for each field and each file, as others read it', async () => {
    const payload = {
      purpose: 'dispute_evidence',
      meta: { n: 0, list: [true, null] },
      file: attachFile(Buffer.from([0, 13, 10, 45, 45, 255]), { name: 'a "b".png', type: 'image/png' }),
      bare: attachFile(new Uint8Array()),
    };
    expect(await read(encode(payload))).toEqual([
      ['purpose', 'dispute_evidence'],
      ['meta[n]', '0'],
      ['meta[list][0]', 'true'],
      ['meta[list][1]', ''],
      ['file', 'a "b".png', 'image/png', '\u0000\r\n--\u00ff'],
      ['bare', 'file', 'application/octet-stream', ''],
    ]);
  });

  it('says what it is made of, files by their hash', () => {
    expect(encode({ a: 'x', file: attachFile(Buffer.from('hello'), { name: 'h.txt' }) }).parts).toEqual([
      { name: 'a', text: 'x' },
      {
        name: 'file',
        file: {
          name: 'h.txt',
          type: 'application/octet-stream',
          size: 5,
          sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
        },
      },
    ]);
  });

  it('has the same bytes for the same delivery, and another boundary for another', () => {
    const payload = { a: attachFile(Buffer.from('x')) };
    expect(encode(payload)).toEqual(encode(payload));
    expect(encode(payload, 'delivery-2').contentType).not.toBe(encode(payload).contentType);
  });

  it('has a boundary that stands in no part', async () => {
    const [, boundary = ''] = encode({ a: '' }).contentType.split('boundary=');
    const text = `\r\n--${boundary}\r\nContent-Disposition: form-data; name="admin"\r\n\r\ntrue`;
    expect(await read(encode({ a: text }))).toEqual([['a', text]]);
  });

  it('gives back every byte and text', async () => {
    const text = fc.string({ unit: 'grapheme' });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), fc.oneof(text, fc.uint8Array())),
        async (values) => {
          const entries = Object.entries(values);
          const payload = Object.fromEntries(
            entries.map(([name, value]) => [name, typeof value === 'string' ? value : attachFile(value)]),
          );
          const parts = await read(encode(payload));
          expect(parts.map(([name, ...rest]) => [name, rest.at(-1)])).toEqual(
            entries.map(([name, value]) => [
              name,
              typeof value === 'string' ? value.toWellFormed() : Buffer.from(value).toString('latin1'),
            ]),
          );
        },
      ),
    );
  });

  it.each<[string, Json, string]>([
    ['a list', [1], 'object'],
    ['a file alone', { $file: { base64: '' } }, 'object'],
    ['a file with no bytes', { f: { $file: { name: 'a' } } }, 'f: $file: base64'],
    ['a file that is not base64', { f: [{ $file: { base64: 'a b=' } }] }, 'f[0]: $file.base64'],
    ['a media type with a line break', { f: { $file: { base64: '', type: 'a/b\r\nX: y' } } }, 'media type'],
    ['a file with members beside it', { f: { $file: { base64: '' }, x: 1 } }, 'only member'],
  ])('is not made of %s', (_name, payload, words) => {
    expect(() => encode(payload)).toThrow(
      expect.objectContaining({ code: 'GLUE_RENDERING', message: expect.stringContaining(words) }),
    );
  });
});
