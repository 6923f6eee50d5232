import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { content, extraHeaders, fraction, mostly, textChange, type TextChange } from './odd-parts.ts';
import { SECRET } from './signed-schemes.ts';
import { subjects, type Subject } from './subjects.ts';

/** Those that follow the first three are no compressed body, or more than one. */
const ENCODINGS = [
  'gzip',
  'deflate',
  'br',
  'claimed',
  'twice',
  'gzip and more',
  'br and more',
  'half',
] as const;

/** A request before it is signed and written: what fast-check makes, and shrinks. */
export interface RequestPlan {
  readonly subject: Subject;
  readonly method: string;
  readonly target: (path: string) => string;
  readonly content: Buffer;
  readonly encoding: (typeof ENCODINGS)[number] | 'none';
  readonly proof: ProofPlan;
  /** Seconds that the signed timestamp lies in the past. */
  readonly age: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly framing: Framing;
  readonly damage: readonly Damage[];
}

export type ProofPlan =
  'right' | 'none' | 'other secret' | 'other body' | 'twice' | { readonly mangled: TextChange };
export type Framing =
  | { readonly by: 'length'; readonly off: number }
  | { readonly by: 'chunks'; readonly sizes: readonly number[]; readonly extra: string }
  | { readonly by: 'both' | 'nothing' };

/** A change of the bytes on the wire, at a fraction of their length. */
export interface Damage {
  readonly at: number;
  readonly how: 'flip' | 'insert' | 'delete';
  readonly byte: number;
}

const framing: fc.Arbitrary<Framing> = fc.oneof(
  { arbitrary: fc.constant<Framing>({ by: 'length', off: 0 }), weight: 8 },
  {
    arbitrary: fc.record({
      by: fc.constant('chunks' as const),
      sizes: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }),
      extra: mostly('', fc.constantFrom(';a=b', ';a="b"', ' ', ';')),
    }),
    weight: 4,
  },
  {
    arbitrary: fc.record({ by: fc.constant('length' as const), off: fc.integer({ min: -20, max: 20 }) }),
    weight: 1,
  },
  { arbitrary: fc.constantFrom<Framing>({ by: 'both' }, { by: 'nothing' }), weight: 1 },
);

const target = fc.constantFrom<RequestPlan['target']>(
  (path) => `/webhooks/in/${path}?token=${encodeURIComponent(SECRET)}&ask=${path}`,
  (path) => `/webhooks/in/${path}?crc=1&ask=%7B%7D`,
  (path) => `/webhooks/in/${path}?ask=%00%ff&ask=2`,
  (path) => `http://hooks.example.com/webhooks/in/${path}`,
  (path) => `/webhooks/in/${path}/`,
  (path) => `/webhooks/in/%66${path.slice(1)}`,
  (path) => `/webhooks//in/${path}`,
  (path) => `/webhooks/in/${path}#a`,
  (path) => `/webhooks/in/../in/${path}`,
  (path) => `/WEBHOOKS/in/${path}`,
  () => '/webhooks/in/__proto__',
  () => '/webhooks/in/',
  () => '/webhooks/in/%',
  () => '*',
  () => '/healthz',
);

const usualTarget: RequestPlan['target'] = (path) => `/webhooks/in/${path}`;
const usualHeaders: RequestPlan['headers'] = [['content-type', 'application/json']];

/** Whether nothing about a plan is odd but its content. */
export function isHonest({ target: at, proof, age, headers, framing: by, damage }: RequestPlan): boolean {
  const isFramed = by.by === 'length' ? by.off === 0 : by.by === 'chunks' && by.extra.trim() === by.extra;
  return (
    at === usualTarget &&
    proof === 'right' &&
    Math.abs(age) <= 200 &&
    headers === usualHeaders &&
    isFramed &&
    damage.length === 0
  );
}

/** Requests to every endpoint: most of them nearly right. */
export const requestPlan: fc.Arbitrary<RequestPlan> = fc.record({
  subject: fc.constantFrom(...subjects),
  method: mostly(
    'POST',
    fc.constantFrom(
      'GET',
      'HEAD',
      'PUT',
      'OPTIONS',
      'DELETE',
      'PATCH',
      'TRACE',
      'post',
      'PROPFIND',
      'CONNECT',
      'FOO',
    ),
    9,
  ),
  target: mostly<RequestPlan['target']>(usualTarget, target, 6),
  content,
  encoding: mostly<RequestPlan['encoding']>('none', fc.constantFrom(...ENCODINGS), 4),
  proof: mostly<ProofPlan>(
    'right',
    fc.oneof(
      fc.constantFrom<ProofPlan>('none', 'other secret', 'other body', 'twice'),
      textChange.map((mangled) => ({ mangled })),
    ),
    2,
  ),
  age: mostly(0, fc.constantFrom(200, -200, 400, -400, 1e6, -1e9, 1e12), 6),
  headers: mostly<RequestPlan['headers']>(usualHeaders, extraHeaders, 3),
  framing,
  damage: mostly<readonly Damage[]>(
    [],
    fc.array(
      fc.record({ at: fraction, how: fc.constantFrom('flip', 'insert', 'delete'), byte: fc.nat(255) }),
      { minLength: 1, maxLength: 3 },
    ),
    7,
  ),
});

/** The body as it is sent, with the encoding that is claimed. */
export function encodedBody({ content, encoding }: RequestPlan): { body: Buffer; contentEncoding?: string } {
  switch (encoding) {
    case 'none':
      return { body: content };
    case 'gzip':
      return { body: gzipSync(content), contentEncoding: 'gzip' };
    case 'deflate':
      return { body: deflateSync(content), contentEncoding: 'deflate' };
    case 'br':
      return { body: brotliCompressSync(content), contentEncoding: 'br' };
    case 'claimed':
      return { body: content, contentEncoding: 'gzip' };
    case 'twice':
      return { body: gzipSync(gzipSync(content)), contentEncoding: 'gzip, gzip' };
    case 'gzip and more':
      return { body: Buffer.concat([gzipSync(content), Buffer.alloc(3)]), contentEncoding: 'gzip' };
    case 'br and more':
      return { body: Buffer.concat([brotliCompressSync(content), Buffer.from('{}')]), contentEncoding: 'br' };
    case 'half':
      return { body: gzipSync(content).subarray(0, -5), contentEncoding: 'gzip' };
  }
}
