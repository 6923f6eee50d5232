import { describe, expect, it } from '@jest/globals';
import { decodeStrictly, hmacPresetNames } from 'glue-core';
import fc from 'fast-check';
import { inboundEndpointConfigSchema } from '../src/endpoint/endpoint-config.js';
import { signSample } from '../src/receive/sign-sample.js';
import { asReceived, verifierOf, type Receiving } from './support/verifying.js';

const NOW = Date.UTC(2026, 0, 1);
const url = '/webhooks/in/x?a=1';
const secrets = [{ setting: 's' }];
const publicUrl = 'https://hooks.example.com';

type Encoding = 'hex' | 'base64' | 'base64url';

interface Scheme {
  readonly verification: {
    readonly encoding: Encoding;
    readonly signature: { readonly header: string; readonly part?: string; readonly prefix?: string };
    readonly timestamp?: { readonly header: string };
  };
  readonly secret: string;
  readonly body: string;
}

const jsonBody = fc
  .record({ id: fc.oneof(fc.string({ minLength: 1 }), fc.integer(), fc.boolean()), more: fc.jsonValue() })
  .map((document) => JSON.stringify(document));
const word = fc.stringMatching(/^[A-Za-z0-9]{1,8}$/);
const formBody = fc
  .array(fc.tuple(word, word), { minLength: 1, maxLength: 5 })
  .map((pairs) => new URLSearchParams(pairs).toString());

const anySecret = fc
  .tuple(fc.constantFrom('text', 'base64', 'hex'), fc.uint8Array({ minLength: 1, maxLength: 80 }))
  .map(([secretEncoding, bytes]) => ({
    secretEncoding,
    secret: Buffer.from(bytes).toString(secretEncoding === 'text' ? 'latin1' : (secretEncoding as Encoding)),
  }));
const anyTimestamp = fc.constantFrom(
  undefined,
  { header: 'x-time' },
  { header: 'X-Time', format: 'unix_ms' },
  { header: 'x-time', format: 'iso8601' },
  { header: 'x-sig', part: 't' },
);
const anyPart = fc.constantFrom(
  { literal: 'v0' },
  { header: 'x-id' },
  { header: 'x-info', part: 'n', listSeparator: ';', pairSeparator: ':' },
  { url: 'full' },
);

/** Any way to sign that can be written down, with a secret and a body for it. */
const anyScheme: fc.Arbitrary<Scheme> = fc
  .record({
    digest: fc.constantFrom('sha1', 'sha256', 'sha512'),
    encoding: fc.constantFrom<Encoding>('hex', 'base64', 'base64url'),
    signature: fc.constantFrom(
      { header: 'X-Sig', part: 'v1' },
      { header: 'x-sig' },
      { header: 'x-mac', prefix: 'v0=' },
    ),
    timestamp: anyTimestamp,
    parts: fc.uniqueArray(anyPart, { maxLength: 4 }),
    joiner: fc.constantFrom('', '.', ':', '\n'),
    covered: fc.constantFrom('raw', 'form', 'json'),
    secret: anySecret,
    form: formBody,
    json: jsonBody,
    shuffle: fc.infiniteStream(fc.nat()),
  })
  // A header that is a signature as a whole has no room for a timestamp.
  .filter(({ signature, timestamp }) => signature.part !== undefined || timestamp?.header !== 'x-sig')
  .map(({ digest, encoding, signature, timestamp, parts, joiner, covered, secret, form, json, shuffle }) => {
    const body = covered === 'form' ? [{ form: 'sorted' }] : [{ body: 'raw' }];
    const stamp = timestamp ? [{ ...timestamp, format: undefined }] : [];
    const all = [...parts, ...stamp, ...body, ...(covered === 'json' ? [{ json: 'id' }] : [])];
    const message = all
      .map((part) => ({ part, at: shuffle.next().value }))
      .sort((a, b) => a.at - b.at)
      .map(({ part }) => JSON.parse(JSON.stringify(part)) as object);
    const scheme = { digest, encoding, signature, message, joiner, ...(timestamp && { timestamp }) };
    const { secretEncoding } = secret;
    return {
      verification: { mode: 'hmac', secrets, secretEncoding, ...scheme },
      secret: secret.secret,
      body: covered === 'form' ? form : json,
    };
  });

async function signed({ verification, secret, body }: Scheme) {
  const receiving: Receiving = { settings: { s: secret }, publicUrl, freshness: {} };
  const config = inboundEndpointConfigSchema.parse({ verification });
  const means = { backend: { settings: { s: secret } }, publicUrl };
  const sample = await signSample(config, means, { url, body: Buffer.from(body) }, NOW);
  const verifier = verifierOf(verification, receiving);
  const cause = async (headers: Readonly<Record<string, string>>, bytes: Buffer | string = body) =>
    (await verifier.verify(asReceived({ url, headers, body: bytes }), NOW))?.cause;
  return { headers: sample.headers, cause };
}

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  const bit = at % (bytes.length * 8);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

describe('a request signed by any scheme', () => {
  it('is taken', () =>
    fc.assert(
      fc.asyncProperty(anyScheme, async (scheme) => {
        const { headers, cause } = await signed(scheme);
        expect(await cause(headers)).toBeUndefined();
      }),
      { numRuns: 500 },
    ));

  it('is refused when one bit of its body is another', () =>
    fc.assert(
      fc.asyncProperty(anyScheme, fc.nat(), async (scheme, at) => {
        const { headers, cause } = await signed(scheme);
        expect(await cause(headers, flipped(Buffer.from(scheme.body), at))).toBe('signature');
      }),
      { numRuns: 500 },
    ));

  it('is refused when one bit of its signature is another', () =>
    fc.assert(
      fc.asyncProperty(anyScheme, fc.nat(), async (scheme, at) => {
        const { headers, cause } = await signed(scheme);
        const { encoding, signature } = scheme.verification;
        const name = signature.header.toLowerCase();
        const start = signature.part === undefined ? (signature.prefix ?? '') : `${signature.part}=`;
        const [before = '', text = ''] = splitAt(headers[name] ?? '', start);
        const bytes = decodeStrictly(text, encoding);
        if (!bytes) throw new Error('the sample holds no signature');
        const changed = before + flipped(bytes, at).toString(encoding);
        expect(await cause({ ...headers, [name]: changed })).toBe('signature');
      }),
      { numRuns: 500 },
    ));

  it('is refused when one character of its timestamp is another', () =>
    fc.assert(
      fc.asyncProperty(
        anyScheme,
        fc.nat(),
        fc.constantFrom('0', '1', '9', 'Z', ' '),
        async (scheme, at, other) => {
          const { timestamp } = scheme.verification;
          fc.pre(timestamp?.header.toLowerCase() === 'x-time');
          const { headers, cause } = await signed(scheme);
          const text = headers['x-time'] ?? '';
          const index = at % text.length;
          fc.pre(text[index] !== other);
          const changed = text.slice(0, index) + other + text.slice(index + 1);
          expect(await cause({ ...headers, 'x-time': changed })).toBe('signature');
        },
      ),
      { numRuns: 300 },
    ));
});

function splitAt(text: string, start: string): [string, string] {
  const at = text.indexOf(start) + start.length;
  return [text.slice(0, at), text.slice(at)];
}

describe('whatever a caller sends', () => {
  const modes: object[] = [
    ...hmacPresetNames.map((preset) => ({ mode: 'hmac', preset, secrets })),
    { mode: 'standard-webhooks', secrets: [{ setting: 's' }, { setting: 'publicKey' }] },
    { mode: 'basic', username: 'u', secrets },
    { mode: 'bearer', secrets },
    { mode: 'api-key', key: { header: 'x-api-key' }, secrets },
    { mode: 'api-key', key: { query: 'key' }, secrets },
    {
      ...{
        mode: 'hmac',
        secrets,
        digest: 'sha256',
        encoding: 'hex',
        signature: { header: 'x-sig', part: 'v1' },
      },
      message: [{ url: 'full' }, { json: 'a.b[0]' }, { form: 'sorted', orHashInQuery: 'h' }],
    },
  ];
  const settings = {
    s: Buffer.from('a secret').toString('base64'),
    publicKey: `whpk_${Buffer.alloc(32, 9).toString('base64')}`,
  };
  const verifiers = modes.map((mode) => verifierOf(mode, { settings, publicUrl, freshness: {} }));
  const names = [
    ...new Set(verifiers.flatMap(({ secretHeaders }) => secretHeaders)),
    ...['webhook-id', 'webhook-timestamp', 'svix-id', 'svix-timestamp', 'x-slack-request-timestamp', 'x-sig'],
  ];
  const bytes = fc.uint8Array({ maxLength: 60 }).map((raw) => Buffer.from(raw).toString('latin1'));
  const base64 = fc.base64String({ minLength: 4, maxLength: 88 });
  const value = fc.oneof(
    bytes,
    base64,
    fc
      .tuple(fc.constantFrom('v1,', 'v1a,', 't=1,v1=', 'sha256=', 'v0=', 'Basic ', 'Bearer '), base64)
      .map((two) => two.join('')),
    fc.constantFrom(String(NOW / 1000), 'Basic', 'bearer ', '=', ',', '\ud800'),
  );
  const headers = fc.dictionary(fc.constantFrom(...names), fc.array(value, { maxLength: 3 }));
  const queries = fc.oneof(
    bytes,
    fc.constantFrom('bodySHA256=', 'key=%', 'key=1&key=2', 'bodySHA256=a&bodySHA256=b', '%'),
  );
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((raw) => Buffer.from(raw)),
    fc.json().map((text) => Buffer.from(text)),
  );

  it('is refused by a value, never by an error', () =>
    fc.assert(
      fc.property(headers, queries, body, (sent, query, content) => {
        for (const verifier of verifiers) {
          const refusal = verifier.verify(
            { headers: sent, url: `/webhooks/in/x?${query}`, body: content },
            NOW,
          );
          expect(refusal).toMatchObject({ cause: 'signature' });
        }
      }),
      { numRuns: 2_000 },
    ));
});
