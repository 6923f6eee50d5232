import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeFolder } from '../src/files/make-folder.js';

describe('making a folder', () => {
  let base: string;
  beforeEach(() => void (base = mkdtempSync(join(tmpdir(), 'glue-folder-'))));
  afterEach(() => rmSync(base, { recursive: true }));

  it('makes what is missing above it too, and leaves what is there', () => {
    const folder = join(base, 'a/b/c');
    makeFolder(folder);
    makeFolder(folder);
    expect(existsSync(folder)).toBe(true);
  });

  it('lets nobody else in', () => {
    makeFolder(join(base, 'a/b'));
    expect(['a', 'a/b'].map((name) => statSync(join(base, name)).mode & 0o777)).toEqual([0o700, 0o700]);
  });

  it('says what is in the way', () => {
    writeFileSync(join(base, 'file'), '');
    expect(() => makeFolder(join(base, 'file/below'))).toThrow(/ENOTDIR|EEXIST/);
  });

  // Node's recursive mkdir would spin for ever here.
  (existsSync('/proc/self') ? it : it.skip)('gives up where a file system takes nothing', () => {
    expect(() => makeFolder('/proc/glue/below')).toThrow(/ENOENT|EACCES|EPERM|EROFS/);
  });
});
