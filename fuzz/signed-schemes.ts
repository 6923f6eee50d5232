import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { valuesOf, type WireRequest } from './wire-request.ts';

/** What a provider sends beside the body. */
export interface Proof {
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** For the URL, without `?`. */
  readonly query?: string;
}

/** A way to prove requests: how a provider does it, and how a judge looks at it, written apart from what is tested. */
export interface Scheme {
  readonly verification: object;
  /** @param at - Unix seconds */
  readonly prove: (body: Buffer, at: number, secret: string, target: string) => Proof;
  /** Whether a request may count as proven. Where this is more lenient than the host, less is found; never too much. */
  readonly isProof: (request: WireRequest, nowMs: number) => boolean;
}
export const SECRET = 'the secret of the fuzzed endpoints';
export const secrets = [{ setting: 'secret' }];

export const hmac = (digest: string, secret: string | Buffer, ...parts: (string | Buffer)[]) =>
  parts.reduce((each, part) => each.update(part), createHmac(digest, secret)).digest();
export const preset = (name: string) => ({ mode: 'hmac', preset: name, secrets });

/** By how much an age may differ between the judge's moment and the host's, in milliseconds. */
const SLACK_MS = 20_000;
export const isFresh = (atMs: number, nowMs: number) => Math.abs(nowMs - atMs) <= 300_000 + SLACK_MS;
export const isFreshSeconds = (text: string | undefined, nowMs: number): text is string =>
  text !== undefined && /^\d+$/.test(text) && isFresh(Number(text) * 1000, nowMs);

export function only({ headers }: WireRequest, name: string): string | undefined {
  const [value, ...more] = valuesOf(headers, name);
  return more.length === 0 ? value : undefined;
}

/** `name=value` pairs of a structured header. */
export function parts(text: string | undefined, name: string, list = ',', pair = '='): string[] {
  return (text ?? '').split(list).flatMap((each) => {
    const at = each.indexOf(pair);
    return at >= 0 && each.slice(0, at).trim() === name ? [each.slice(at + 1).trim()] : [];
  });
}

/** A signature of the body in one header. */
export function bodySigned(name: string, header: string, encoding: 'hex' | 'base64', prefix = ''): Scheme {
  const written = (secret: string, body: Buffer) => prefix + hmac('sha256', secret, body).toString(encoding);
  return {
    verification: preset(name),
    prove: (body, _at, secret) => ({ headers: [[header, written(secret, body)]] }),
    isProof: (request) => {
      const given = only(request, header);
      return given !== undefined && isSameText(given, written(SECRET, request.body), encoding);
    },
  };
}

/** A header `t=…,v1=…`. */
export function stamped(name: string, header: string, joiner: string): Scheme {
  const written = (secret: string, t: string, body: Buffer) =>
    hmac('sha256', secret, `${t}${joiner}`, body).toString('hex');
  return {
    verification: preset(name),
    prove: (body, at, secret) => ({ headers: [[header, `t=${at},v1=${written(secret, `${at}`, body)}`]] }),
    isProof: (request, nowMs) => {
      const given = only(request, header);
      const [t, ...more] = parts(given, 't');
      if (more.length > 0 || !isFreshSeconds(t, nowMs)) return false;
      return parts(given, 'v1').some((each) => isSameText(each, written(SECRET, t, request.body), 'hex'));
    },
  };
}

/** Three headers: id, timestamp and a list of signatures, by a shared secret (`v1`) or by a key pair (`v1a`). */
export function listed(verification: object, prefix: string, version: 'v1' | 'v1a' = 'v1'): Scheme {
  const message = (id: string, t: string, body: Buffer) =>
    Buffer.concat([Buffer.from(`${id}.${t}.`, 'latin1'), body]);
  const signed = (secret: string, text: Buffer) =>
    version === 'v1' ? hmac('sha256', secret, text) : sign(null, text, keyOf(secret));
  const isSigned = (text: Buffer, given: string) =>
    version === 'v1'
      ? isSameText(given, signed(SECRET, text).toString('base64'), 'base64')
      : verify(null, text, createPublicKey(keyOf(SECRET)), fromBase64(given));
  return {
    verification,
    prove: (body, at, secret) => ({
      headers: [
        [`${prefix}-id`, 'msg_1'],
        [`${prefix}-timestamp`, `${at}`],
        [
          `${prefix}-signature`,
          `${version},${signed(secret, message('msg_1', `${at}`, body)).toString('base64')}`,
        ],
      ],
    }),
    isProof: (request, nowMs) => {
      const [id, t] = [only(request, `${prefix}-id`), only(request, `${prefix}-timestamp`)];
      if (id === undefined || !isFreshSeconds(t, nowMs)) return false;
      const given = parts(only(request, `${prefix}-signature`), version, ' ', ',');
      return given.some((each) => isSigned(message(id, t, request.body), each));
    },
  };
}

/** The case of hex means nothing; everything else is written in one way only. */
export function isSameText(
  given: string,
  expected: string,
  encoding: 'hex' | 'base64' | 'base64url',
): boolean {
  return given === expected || (encoding === 'hex' && given.toLowerCase() === expected);
}

export function fromBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : Buffer.alloc(0);
}

/** An ed25519 key pair (RFC 8410 section 7) that follows from a text. */
export function keyOf(secret: string): KeyObject {
  const seed = createHash('sha256').update(secret).digest();
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}
