import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hmacPresetNames, ManualClock, silentLogger } from 'glue-core';
import { createVerifier, inboundEndpointConfigSchema } from 'glue-inbound';
import { createSigner, outboundEndpointConfigSchema, Unsendable } from 'glue-outbound';

/** What the outbound side signs, the inbound side proves, by the same configuration. */

const NOW = Date.UTC(2026, 0, 1);
const ORIGIN = 'https://receiver.example';
const secrets = [{ setting: 's' }];

interface Case {
  /** The same text on both sides. */
  readonly config: object;
  readonly signing: unknown;
  readonly verifying: unknown;
  readonly form: boolean;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const jsonBody = fc
  .record({ id: fc.oneof(fc.string({ minLength: 1 }), fc.integer(), fc.boolean()), more: fc.jsonValue() })
  .map((document) => JSON.stringify(document));
const word = fc.stringMatching(/^[A-Za-z0-9]{1,8}$/);
const formBody = fc
  .array(fc.tuple(word, word), { minLength: 1, maxLength: 5 })
  .map((pairs) => new URLSearchParams(pairs).toString());
const anyBody = fc.oneof(
  jsonBody.map((body) => ({ body, form: false })),
  formBody.map((body) => ({ body, form: true })),
);

/** Secrets of an encoding, each text as a setting holds it. */
const secretsOf = (encoding: 'text' | 'base64' | 'hex', prefix = '') =>
  fc
    .uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 64 }), {
      minLength: 1,
      maxLength: 3,
      selector: String,
    })
    .map((all) =>
      all.map((bytes) => prefix + Buffer.from(bytes).toString(encoding === 'text' ? 'latin1' : encoding)),
    );

const anyPreset: fc.Arbitrary<Case> = fc.constantFrom(...hmacPresetNames).chain((preset) =>
  fc
    .tuple(preset === 'svix' ? secretsOf('base64', 'whsec_') : secretsOf('text'), anyBody)
    .map(([all, { body, form }]) => ({
      config: { mode: 'hmac', preset, secrets },
      signing: all,
      // The newest: schemes without room for several signatures sign with that.
      verifying: all.at(-1),
      ...{ body, form, headers: {} },
    })),
);

const newPair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = {
    ...publicKey.export({ format: 'jwk' }),
    ...privateKey.export({ format: 'jwk' }),
  };
  const text = (jwk: string) => Buffer.from(jwk, 'base64url').toString('base64');
  return [`whsk_${text(d)}`, `whpk_${text(x)}`] as const;
};
const pairs = [newPair(), newPair(), newPair()] as const;

/** Any of the keys that sign is enough, wherever it stands. */
const anyStandard: fc.Arbitrary<Case> = fc
  .record({
    shared: secretsOf('base64', 'whsec_'),
    keys: fc.subarray([...pairs]),
    which: fc.nat(),
    given: anyBody,
  })
  .map(({ shared, keys, which, given }) => {
    const both = [...shared.map((each) => [each, each] as const), ...keys];
    return {
      config: { mode: 'standard-webhooks', secrets },
      signing: both.map(([ours]) => ours),
      verifying: both[which % both.length]?.[1],
      ...given,
      headers: {},
    };
  });

const anyPart = fc.constantFrom(
  { literal: 'v0' },
  { header: 'x-id' },
  { header: 'X-Topic' },
  { header: 'x-info', part: 'n', listSeparator: ';', pairSeparator: ':' },
  { url: 'full' },
);
const anyTimestamp = fc.constantFrom(
  undefined,
  { header: 'x-time' },
  { header: 'X-Time', format: 'unix_ms' },
  { header: 'x-time', format: 'iso8601' },
  { header: 'x-sig', part: 't' },
);

/** Any way to sign that can be written down. */
const anyWritten: fc.Arbitrary<Case> = fc
  .record({
    digest: fc.constantFrom('sha1', 'sha256', 'sha512'),
    encoding: fc.constantFrom('hex', 'base64', 'base64url'),
    signature: fc.constantFrom(
      { header: 'X-Sig', part: 'v1' },
      { header: 'x-sig' },
      { header: 'x-mac', prefix: 'v0=' },
      { header: 'x-sig', part: 'v1', listSeparator: ' ', pairSeparator: ',', prefix: 'p-' },
    ),
    timestamp: anyTimestamp,
    parts: fc.uniqueArray(anyPart, { maxLength: 5 }),
    joiner: fc.constantFrom('', '.', ':', '\n'),
    covered: fc.constantFrom('raw', 'form', 'json'),
    secret: fc.constantFrom('text' as const, 'base64' as const, 'hex' as const).chain((secretEncoding) =>
      fc.record({
        secretEncoding: fc.constant(secretEncoding),
        all: secretsOf(secretEncoding, 'sec_'),
      }),
    ),
    urlBase: fc.constantFrom(undefined, 'https://known-as.example'),
    form: formBody,
    json: jsonBody,
    topic: fc.constantFrom(undefined, 'orders', 'Größe'),
    shuffle: fc.infiniteStream(fc.nat()),
  })
  // A header that is a signature as a whole has no room for a timestamp; parts of one header have one way to stand in it.
  .filter(
    ({ signature, timestamp }) =>
      timestamp?.header !== 'x-sig' || (signature.part !== undefined && !('listSeparator' in signature)),
  )
  .map(({ timestamp, parts, covered, secret, form, json, topic, shuffle, urlBase, ...scheme }): Case => {
    const body = covered === 'form' ? [{ form: 'sorted' }] : [{ body: 'raw' }];
    const stamp = timestamp ? [{ ...timestamp, format: undefined }] : [];
    const message = [...parts, ...stamp, ...body, ...(covered === 'json' ? [{ json: 'id' }] : [])]
      .map((part) => ({ part, at: shuffle.next().value }))
      .sort((a, b) => a.at - b.at)
      .map(({ part }) => JSON.parse(JSON.stringify(part)) as object);
    const { secretEncoding, all } = secret;
    return {
      config: {
        ...{ mode: 'hmac', secrets, secretEncoding, secretPrefix: 'sec_', message, ...scheme },
        ...(timestamp && { timestamp }),
        ...(urlBase !== undefined && { urlBase }),
      },
      signing: all,
      verifying: all.at(-1),
      ...{ form: covered === 'form', body: covered === 'form' ? form : json },
      headers: topic === undefined ? {} : { 'x-topic': topic },
    };
  });

const anyCase = fc.oneof(anyPreset, anyStandard, anyWritten);

/** Signs by one side; gives what the other side says of it. */
function passOver({ config, signing, verifying, body, form, headers }: Case) {
  const parsed = outboundEndpointConfigSchema.parse({ signing: config });
  const signer = createSigner(parsed.signing, { backend: { settings: { s: signing } }, own: {} });
  if ('reason' in signer) throw new Error(signer.reason);
  const contentType = form ? 'application/x-www-form-urlencoded' : 'application/json';
  const sent = signer.sign(
    {
      method: 'POST',
      url: `${ORIGIN}/webhooks/in/x?a=1&b=%20ü`,
      headers: { ...headers, 'content-type': contentType },
      body,
    },
    { deliveryId: 'dlv_1', nowMs: NOW },
  );
  if (sent instanceof Unsendable) throw new Error(sent.reason);

  const inbound = inboundEndpointConfigSchema.parse({ verification: config });
  const verifier = createVerifier(
    inbound,
    { backend: { settings: { s: verifying } }, publicUrl: ORIGIN, own: {} },
    { clock: new ManualClock(NOW), logger: silentLogger },
  );
  if ('reason' in verifier) throw new Error(verifier.reason);
  const { pathname, search } = new URL(sent.url);
  const lists = Object.fromEntries(Object.entries(sent.headers).map(([name, value]) => [name, [value]]));
  return async (bytes: Buffer): Promise<string | undefined> =>
    (await verifier.verify({ headers: lists, url: pathname + search, body: bytes }, NOW))?.cause;
}

describe('what outbound signs, by any preset, any scheme and any secrets', () => {
  it('is proven by inbound with the same configuration', () =>
    fc.assert(
      fc.asyncProperty(anyCase, async (each) => {
        expect(await passOver(each)(Buffer.from(each.body))).toBeUndefined();
      }),
      { numRuns: 600 },
    ));

  it('is refused by inbound when one bit of the body is another', () =>
    fc.assert(
      fc.asyncProperty(anyCase, fc.nat(), async (each, at) => {
        const changed = Buffer.from(each.body);
        const bit = at % (changed.length * 8);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(await passOver(each)(changed)).toBe('signature');
      }),
      { numRuns: 600 },
    ));
});
