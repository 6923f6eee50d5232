import { schemes, type SchemeName } from './schemes.ts';
import type { Scheme } from './signed-schemes.ts';

/** An endpoint that is fuzzed, with what it takes beside proof. */
export interface Subject {
  /** Of its backend; the endpoint's path follows from it. */
  readonly name: string;
  readonly scheme: Scheme;
  readonly payload: 'object' | 'json' | 'raw';
  readonly state: 'active' | 'draft' | 'archived';
  readonly limits: {
    readonly maxBytes: number;
    readonly compression?: readonly ('gzip' | 'deflate' | 'br')[];
    readonly contentTypes?: readonly string[];
    readonly addresses?: readonly string[];
    readonly rate?: { readonly perSecond: number; readonly burst: number };
    readonly concurrency?: number;
  };
  readonly more?: object;
}

const MAX_BYTES = 4_096;

/** Every mode once, and what else makes endpoints different. */
export const subjects: readonly Subject[] = [
  ...(Object.keys(schemes) as SchemeName[]).map((name) =>
    subject(name, schemes[name], name === 'twilio' ? 'raw' : 'json'),
  ),
  subject('objects', schemes.github, 'object'),
  subject('raw', schemes.none, 'raw'),
  {
    ...subject('compressed', schemes.github, 'json'),
    limits: { maxBytes: MAX_BYTES, compression: ['gzip', 'deflate', 'br'] },
  },
  {
    ...subject('compressed-by-anybody', schemes.none, 'raw'),
    limits: { maxBytes: MAX_BYTES, compression: ['gzip', 'br'] },
  },
  {
    ...subject('typed', schemes.none, 'json'),
    limits: { maxBytes: MAX_BYTES, contentTypes: ['application/json', 'application/*+json'] },
  },
  {
    ...subject('listed', schemes.none, 'json'),
    limits: { maxBytes: MAX_BYTES, addresses: ['203.0.113.0/24', '2001:db8::/32'] },
  },
  {
    ...subject('rated', schemes.none, 'json'),
    limits: { maxBytes: MAX_BYTES, rate: { perSecond: 20, burst: 20 } },
  },
  { ...subject('crowded', schemes.github, 'json'), limits: { maxBytes: MAX_BYTES, concurrency: 2 } },
  {
    ...subject('asked', schemes.github, 'object'),
    more: {
      acknowledgement: { status: 200, body: 'OK' },
      challenges: [
        {
          method: 'GET',
          when: [{ value: { query: 'token' }, secret: { setting: 'token' } }],
          answer: { text: { query: 'ask' } },
        },
        {
          method: 'GET',
          when: [{ value: { query: 'crc' }, equals: '1' }],
          answer: { json: { answer: { hmac: { of: { query: 'ask' }, secret: 'verification' } } } },
        },
        {
          method: 'POST',
          when: [{ value: { json: 'type' }, equals: 'challenge' }],
          answer: { json: { challenge: { json: 'challenge' } } },
        },
      ],
    },
  },
  {
    ...subject('asked-connector', schemes.github, 'json'),
    more: { challenges: [{ method: 'GET', answer: 'connector' }] },
  },
  { ...subject('draft', schemes.none, 'json'), state: 'draft' },
  { ...subject('archived', schemes.none, 'json'), state: 'archived' },
];

function subject(name: string, scheme: Scheme, payload: Subject['payload']): Subject {
  return { name, scheme, payload, state: 'active', limits: { maxBytes: MAX_BYTES } };
}

/** The endpoint's configuration. */
export function configOf({ scheme, payload, limits, more }: Subject): Record<string, unknown> {
  return { verification: scheme.verification, payload, limits, ...more };
}
