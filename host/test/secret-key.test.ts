import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SecretBox } from 'glue-core';
import { readSecretKey } from '../src/secrets/secret-key.js';
import { temporaryFolder } from './support/host-fixture.js';

describe('the secret key', () => {
  let dataFolder: string;
  let remove: () => void;
  beforeEach(() => void ({ folder: dataFolder, remove } = temporaryFolder()));
  afterEach(() => remove());

  const read = (fromEnvironment?: string, mayCreate = true) =>
    readSecretKey({ dataFolder: join(dataFolder, 'data'), fromEnvironment, mayCreate }).key;

  it('is made on first use, for its owner only, and is the same afterwards', () => {
    const key = read();
    const file = join(dataFolder, 'data', 'secret.key');
    expect(key).toHaveLength(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Buffer.from(readFileSync(file, 'utf8'), 'base64')).toEqual(key);
    expect(read()).toEqual(key);
  });

  it('comes from the environment before the file', () => {
    read();
    expect(read(Buffer.alloc(32, 7).toString('base64'))).toEqual(Buffer.alloc(32, 7));
  });

  it.each([
    ['the file', undefined, false, '<file>: restore the file from before, or set GLUE_SECRET_KEY to its key'],
    ['the variable', 7, false, 'GLUE_SECRET_KEY: unset it, or restore its value from before'],
    [
      'the variable, which hides a file',
      7,
      true,
      'GLUE_SECRET_KEY: unset it, so that <file> counts, or restore its value from before',
    ],
  ])('that is another says that it comes from %s, and the way out', (_where, byte, hides, words) => {
    const file = join(dataFolder, 'secret.key');
    const fromEnvironment = byte === undefined ? undefined : Buffer.alloc(32, byte).toString('base64');
    if (hides) readSecretKey({ dataFolder, fromEnvironment: undefined, mayCreate: true });
    const { key, source } = readSecretKey({ dataFolder, fromEnvironment, mayCreate: true });
    const sealed = new SecretBox(Buffer.alloc(32, 1)).seal('s', 'here');
    expect(() => new SecretBox(key, source).open(sealed, 'here')).toThrow(
      ` from ${words.replace('<file>', file)}`,
    );
  });

  it('is not made anew where secrets exist that only the lost one opens', () => {
    expect(() => read(undefined, false)).toThrow(/secret\.key is missing/);
  });

  it.each([
    ['too short', Buffer.alloc(31).toString('base64')],
    ['not base64', 'x'.repeat(44) + '!'],
    ['empty', ''],
  ])('is refused when it is %s', (_what, text) => {
    expect(() => read(text)).toThrow('GLUE_SECRET_KEY does not hold 32 bytes in base64');
  });

  it.each([
    ['read', () => join(dataFolder, 'taken'), /taken\/secret\.key cannot be read \(ENOTDIR/],
    [
      'made',
      () => '/proc/glue',
      /^\/proc\/glue\/secret\.key cannot be made \(ENOENT.*name another dataFolder/,
    ],
  ])('that cannot be %s says where, why, and the way out', (_what, folderOf, words) => {
    writeFileSync(join(dataFolder, 'taken'), 'a file in the way');
    const readThere = () =>
      readSecretKey({ dataFolder: folderOf(), fromEnvironment: undefined, mayCreate: true });
    expect(readThere).toThrow(
      expect.objectContaining({
        code: 'GLUE_SECRET_KEY_MISSING',
        message: expect.stringMatching(words),
      }),
    );
  });

  it('names the file that holds no key', () => {
    read();
    writeFileSync(join(dataFolder, 'data', 'secret.key'), 'nonsense');
    expect(() => read()).toThrow(/secret\.key does not hold 32 bytes/);
  });
});
