import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { InjectionToken } from '../di.js';
import { GlueError } from '../errors/glue-error.js';

export const SECRET_BOX: InjectionToken<SecretBox> = Symbol('glue:secret-box');

const TAG_BYTES = 16;

/** Where a key comes from, for who reads that it is another one. */
export interface KeySource {
  readonly name: string;
  /** What to do, as the end of a sentence about the source. */
  readonly wayOut: string;
}

/**
 * Encrypts secrets for the database: AES-256-GCM, a fresh 96-bit nonce each (NIST SP 800-38D), bound to the place
 * where they belong, so that a value copied to another record does not open.
 */
export class SecretBox {
  readonly #key: Buffer;
  readonly #keyId: string;

  /** @param key - 32 bytes */
  constructor(
    key: Buffer,
    private readonly source?: KeySource,
  ) {
    if (key.length !== 32)
      throw new GlueError(
        'GLUE_SECRET_KEY_MISSING',
        `the secret key has ${key.length} bytes, it must have 32`,
      );
    this.#key = key;
    this.#keyId = createHash('sha256').update(key).digest('hex').slice(0, 8);
  }

  /** @param place - where the secret belongs, e.g. `backend:1:apiKey` */
  seal(text: string, place: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v1.${this.#keyId}.${nonce.toString('base64url')}.${sealed.toString('base64url')}`;
  }

  /** @throws GLUE_SECRET_KEY_MISSING when the text was sealed with another key, for another place, or was changed */
  open(sealed: string, place: string): string {
    const [version, keyId, nonce, bytes, ...rest] = sealed.split('.');
    if (version !== 'v1' || nonce === undefined || bytes === undefined || rest.length > 0) {
      throw new GlueError('GLUE_SECRET_KEY_MISSING', `the secret at ${place} has an unknown form`);
    }
    if (keyId !== this.#keyId) {
      throw new GlueError(
        'GLUE_SECRET_KEY_MISSING',
        `the secret at ${place} was encrypted with key ${keyId}, this host has ${this.#ownKey()}`,
      );
    }
    const data = Buffer.from(bytes, 'base64url');
    try {
      // The length is named, since a cut tag would be taken otherwise and be easier to guess.
      const decipher = createDecipheriv('aes-256-gcm', this.#key, Buffer.from(nonce, 'base64url'), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(Buffer.from(place))
        .setAuthTag(data.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(data.subarray(0, -TAG_BYTES)), decipher.final()]).toString(
        'utf8',
      );
    } catch (error) {
      throw new GlueError(
        'GLUE_SECRET_KEY_MISSING',
        `the secret at ${place} does not open: it was changed or moved`,
        { cause: error },
      );
    }
  }

  #ownKey(): string {
    return this.source ? `${this.#keyId} from ${this.source.name}: ${this.source.wayOut}` : this.#keyId;
  }
}
