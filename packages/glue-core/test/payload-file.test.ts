import { describe, expect, it } from '@jest/globals';
import { attachFile, payloadFileSchema } from '../src/gateway/payload-file.js';

describe('a file in a payload', () => {
  it('is JSON that holds every byte', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const { $file } = attachFile(bytes, { name: 'all.bin', type: 'application/x-all; v="1"' });
    expect(JSON.parse(JSON.stringify($file))).toEqual({
      name: 'all.bin',
      type: 'application/x-all; v="1"',
      base64: Buffer.from(bytes).toString('base64'),
    });
    expect(payloadFileSchema.parse($file)).toEqual($file);
  });

  it('holds the part of a buffer that a view shows, and may be empty', () => {
    const view = new Uint8Array(Uint8Array.from([1, 2, 3, 4]).buffer, 1, 2);
    expect(attachFile(view)).toEqual({ $file: { base64: 'AgM=' } });
    expect(attachFile(new Uint8Array())).toEqual({ $file: { base64: '' } });
  });

  it.each([
    [{}],
    [{ base64: 1 }],
    [{ base64: '', bytes: '' }],
    [{ base64: '', name: '' }],
    [{ base64: '', type: 'pdf' }],
    [{ base64: '', type: 'a/b\r\nx: y' }],
    [{ base64: '', type: 'a/b; c="d\r\ne"' }],
  ])('is not %j', (file) => {
    expect(payloadFileSchema.safeParse(file).success).toBe(false);
  });
});
