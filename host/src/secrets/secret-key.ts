import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GlueError, makeFolder, messageOf, parseSecretKey, type KeySource } from 'glue-core';

const KEY_BYTES = 32;

export interface SecretKeyOptions {
  readonly dataFolder: string;
  /** `GLUE_SECRET_KEY`: 32 bytes in base64. Goes before the file. */
  readonly fromEnvironment: string | undefined;
  /** Whether a new key may be made: not where secrets exist that only the lost one opens. */
  readonly mayCreate: boolean;
}

/** The key, and where it comes from. */
export interface SecretKey {
  readonly key: Buffer;
  readonly source: KeySource;
}

/**
 * The key that encrypts the secrets in the database: from the environment, or from `secret.key` in the data folder,
 * which is made on the first start and readable by its owner only.
 * @throws GLUE_SECRET_KEY_MISSING
 */
export function readSecretKey({ dataFolder, fromEnvironment, mayCreate }: SecretKeyOptions): SecretKey {
  const file = join(dataFolder, 'secret.key');
  if (fromEnvironment !== undefined)
    return { key: parseSecretKey(fromEnvironment, 'GLUE_SECRET_KEY'), source: variableSource(file) };
  const present = readIfThere(file);
  if (present !== undefined) return fileKey(present, file);
  if (!mayCreate)
    throw new GlueError(
      'GLUE_SECRET_KEY_MISSING',
      `${file} is missing, but the database holds secrets that it encrypted`,
    );
  try {
    createKeyFile(dataFolder, file);
  } catch (error) {
    const problem = `${file} cannot be made (${messageOf(error)}): let the user of this process write there, name another dataFolder, or set GLUE_SECRET_KEY`;
    throw new GlueError('GLUE_SECRET_KEY_MISSING', problem, { cause: error });
  }
  return fileKey(readFileSync(file, 'utf8'), file);
}

function fileKey(text: string, file: string): SecretKey {
  const wayOut = 'restore the file from before, or set GLUE_SECRET_KEY to its key';
  return { key: parseSecretKey(text, file), source: { name: file, wayOut } };
}

/** The variable hides the file, which may hold the right key. */
function variableSource(file: string): KeySource {
  const unset = existsSync(file) ? `unset it, so that ${file} counts` : 'unset it';
  return { name: 'GLUE_SECRET_KEY', wayOut: `${unset}, or restore its value from before` };
}

/** Writes aside, then links: whoever reads sees the whole key, and of two hosts that start at once one wins. */
function createKeyFile(folder: string, file: string): void {
  makeFolder(folder);
  const aside = `${file}.${process.pid}`;
  try {
    writeFileSync(aside, `${randomBytes(KEY_BYTES).toString('base64')}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
    linkSync(aside, file);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw new GlueError('GLUE_SECRET_KEY_MISSING', `${file} cannot be read (${messageOf(error)})`, {
      cause: error,
    });
  }
}

function isErrno(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
