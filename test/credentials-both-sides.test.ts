import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock, silentLogger } from 'glue-core';
import { createVerifier, inboundEndpointConfigSchema } from 'glue-inbound';
import { createAuthenticator, outboundEndpointConfigSchema } from 'glue-outbound';

/** By what outbound says who calls, inbound knows it, by the same configuration. */

const NOW = Date.UTC(2026, 0, 1);
const secrets = [{ setting: 's' }];

interface Case {
  /** The same text on both sides. */
  readonly config: object;
  /** The newest is sent. */
  readonly all: readonly string[];
}

const visible = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .map((text) => text.replaceAll(/\p{Cc}/gu, '').trim())
  .filter((text) => text !== '');
const token = fc.stringMatching(/^[A-Za-z0-9._~+/-]{1,20}={0,2}$/);
const several = (secret: fc.Arbitrary<string>) => fc.uniqueArray(secret, { minLength: 1, maxLength: 3 });
const headerName = fc.stringMatching(/^X-[A-Za-z0-9]{1,8}$/);
const place = fc.oneof(
  fc.record({ header: headerName }),
  fc.record({ header: headerName, prefix: fc.stringMatching(/^[A-Za-z]{1,5} $/) }),
  fc.record({ query: visible.filter((name) => name !== 'a') }),
);

const anyCase: fc.Arbitrary<Case> = fc.oneof(
  fc
    .record({ username: visible.filter((name) => !name.includes(':')), all: several(visible) })
    .map(({ username, all }) => ({ config: { mode: 'basic', username, secrets }, all })),
  several(token).map((all) => ({ config: { mode: 'bearer', secrets }, all })),
  fc
    .record({ key: place, all: several(visible) })
    .map(({ key, all }) => ({ config: { mode: 'api-key', key, secrets }, all })),
);

/** What inbound, which knows some secrets, says of what outbound sends by others. */
async function passOver({ config, all }: Case, known: readonly string[]): Promise<string | undefined> {
  const { authentication } = outboundEndpointConfigSchema.parse({ authentication: config });
  const authenticator = createAuthenticator(authentication, { backend: { settings: { s: all } }, own: {} });
  if ('reason' in authenticator) throw new Error(authenticator.reason);
  const request = { method: 'POST', url: 'https://receiver.example/in?a=1', headers: {} } as const;
  const authenticated = await authenticator.authenticate(request, {
    ...{ nowMs: NOW, clock: new ManualClock(NOW), leftMs: () => 1_000, signal: new AbortController().signal },
    ask: () => Promise.reject(new Error('nobody was to be asked')),
  });
  if (!('request' in authenticated)) throw new Error(authenticated.reason);
  const sent = authenticated.request;

  const verifier = createVerifier(
    inboundEndpointConfigSchema.parse({ verification: config }),
    { backend: { settings: { s: known } }, publicUrl: 'https://receiver.example', own: {} },
    { clock: new ManualClock(NOW), logger: silentLogger },
  );
  if ('reason' in verifier) throw new Error(verifier.reason);
  const { pathname, search } = new URL(sent.url);
  const headers = Object.fromEntries(Object.entries(sent.headers).map(([name, value]) => [name, [value]]));
  const received = { headers, url: pathname + search, body: Buffer.alloc(0) };
  return (await verifier.verify(received, NOW))?.cause;
}

describe('what outbound says of who calls, by any mode and any secrets', () => {
  it('is known by inbound with the same configuration', () =>
    fc.assert(
      fc.asyncProperty(anyCase, async (each) => {
        expect(await passOver(each, [...each.all].reverse())).toBeUndefined();
        expect(await passOver(each, each.all.slice(-1))).toBeUndefined();
      }),
      { numRuns: 600 },
    ));

  it('is refused by inbound that knows only other secrets', () =>
    fc.assert(
      fc.asyncProperty(anyCase, async (each) => {
        expect(await passOver(each, [`${each.all.at(-1) ?? ''}x`.replace(/=+x$/, 'x')])).toBe('signature');
      }),
      { numRuns: 300 },
    ));
});
