import fc from 'fast-check';

/** A change of one text, at a fraction of its length. */
export interface TextChange {
  readonly at: number;
  readonly how: 'cut' | 'insert' | 'replace' | 'case' | 'repeat';
  readonly text: string;
}

export const fraction = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const ascii = (maxLength: number) => fc.string({ unit: 'binary-ascii', maxLength });
const printable = (maxLength: number) => fc.string({ unit: 'grapheme-ascii', maxLength });

/** What is taken often, and what seldom. */
export const mostly = <T>(usual: T, others: fc.Arbitrary<T>, weight = 5): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: fc.constant(usual), weight }, { arbitrary: others, weight: 1 });

const json = fc
  .record({
    n: fc.nat(1e9),
    type: fc.constantFrom('event', 'challenge', '', 0),
    challenge: fc.oneof(printable(40), fc.json()),
    value: fc.jsonValue({ maxDepth: 3 }),
  })
  .map((value) => JSON.stringify(value));

const oddText = fc.oneof(
  fc.json(),
  printable(60),
  fc.constantFrom(
    '',
    ' ',
    'null',
    '0',
    '"\\ud800"',
    '[1,]',
    '{"a":1,"a":2}',
    '{"__proto__":{"a":1}}',
    '\u0000',
    '\ufeff{}',
  ),
  fc.nat(3_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.nat(9_000).map((length) => `"${'x'.repeat(length)}"`),
  fc.nat(200).map((digits) => '9'.repeat(digits + 1)),
  fc
    .array(fc.tuple(printable(8), printable(8)), { maxLength: 8 })
    .map((all) => new URLSearchParams(all).toString()),
);

export const content = fc.oneof(
  { arbitrary: json.map((text) => Buffer.from(text)), weight: 12 },
  { arbitrary: oddText.map((text) => Buffer.from(text)), weight: 3 },
  { arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)), weight: 1 },
);

export const textChange: fc.Arbitrary<TextChange> = fc.record({
  at: fraction,
  how: fc.constantFrom('cut', 'insert', 'replace', 'case', 'repeat'),
  text: fc.oneof(ascii(4), fc.constantFrom(',', '=', 't=1,', 'v1=', 'v2=', ' ', '\t', ',v1,', 'é')),
});

const headerName = fc.oneof(
  fc.constantFrom(
    ...[
      'accept',
      'content-type',
      'content-encoding',
      'content-length',
      'transfer-encoding',
      'connection',
      'upgrade',
    ],
    ...[
      'expect',
      'te',
      'trailer',
      'cookie',
      'forwarded',
      'x-forwarded-for',
      'x-forwarded-host',
      'host',
      'range',
    ],
    ...['__proto__', 'constructor', 'authorization', 'x-hub-signature-256', 'stripe-signature', 'webhook-id'],
    ...['x-http-method-override', 'keep-alive', 'content-md5', 'origin', 'if-none-match'],
  ),
  printable(12),
);
const headerValue = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      ' ',
      'application/json',
      'text/plain; charset=utf-16',
      'application/vnd.a+json',
      'gzip',
      'br',
      'identity',
    ],
    ...[
      '100-continue',
      'chunked',
      'gzip, chunked',
      'close',
      'keep-alive',
      'websocket',
      'h2c',
      '0',
      '-1',
      '99999999999',
    ],
    ...[
      '203.0.113.9',
      '::ffff:203.0.113.9',
      '198.51.100.1',
      'unknown',
      '203.0.113.9:80',
      '[2001:db8::1]',
      ',,,',
    ],
  ),
  ascii(20),
  fc.nat(9_000).map((length) => 'y'.repeat(length)),
);
export const extraHeaders = fc.array(fc.tuple(headerName, headerValue), { maxLength: 5 });
