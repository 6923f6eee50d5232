import { createHash, createPublicKey } from 'node:crypto';
import twilio from 'twilio';
import {
  bodySigned,
  fromBase64,
  hmac,
  isFresh,
  isFreshSeconds,
  isSameText,
  keyOf,
  listed,
  only,
  parts,
  preset,
  SECRET,
  secrets,
  stamped,
  type Scheme,
} from './signed-schemes.ts';

export const HOST_URL = 'https://hooks.example.com';

/** What the backend of an endpoint holds so that a scheme proves by {@link SECRET}. */
export function settingOf(name: string): string {
  if (name === 'svix' || name === 'standard-v1') return `whsec_${Buffer.from(SECRET).toString('base64')}`;
  if (name !== 'standard-v1a') return SECRET;
  const { x = '' } = createPublicKey(keyOf(SECRET)).export({ format: 'jwk' });
  return `whpk_${Buffer.from(x, 'base64url').toString('base64')}`;
}

const xmac = (secret: string, at: string, body: Buffer) =>
  hmac('sha512', secret, 'v9|', Buffer.from(at, 'latin1'), '|', body).toString('base64url');
const hashed = (secret: string, body: Buffer) =>
  createHash('sha256').update(secret).update(body).digest('hex');

/** Every way to prove who called. */
export const schemes = {
  none: { verification: { mode: 'none' }, prove: () => ({ headers: [] }), isProof: () => true },
  github: bodySigned('github', 'x-hub-signature-256', 'hex', 'sha256='),
  shopify: bodySigned('shopify', 'x-shopify-hmac-sha256', 'base64'),
  convoy: bodySigned('convoy', 'x-convoy-signature', 'hex'),
  stripe: stamped('stripe', 'stripe-signature', '.'),
  'convoy-advanced': stamped('convoy-advanced', 'x-convoy-signature', ','),
  slack: {
    verification: preset('slack'),
    prove: (body, at, secret) => ({
      headers: [
        ['x-slack-request-timestamp', `${at}`],
        ['x-slack-signature', `v0=${hmac('sha256', secret, `v0:${at}:`, body).toString('hex')}`],
      ],
    }),
    isProof: (request, nowMs) => {
      const t = only(request, 'x-slack-request-timestamp');
      if (!isFreshSeconds(t, nowMs)) return false;
      const expected = `v0=${hmac('sha256', SECRET, `v0:${t}:`, request.body).toString('hex')}`;
      return isSameText(only(request, 'x-slack-signature') ?? '', expected, 'hex');
    },
  },
  svix: listed(preset('svix'), 'svix'),
  'standard-v1': listed({ mode: 'standard-webhooks', secrets }, 'webhook'),
  'standard-v1a': listed({ mode: 'standard-webhooks', secrets }, 'webhook', 'v1a'),
  twilio: {
    verification: preset('twilio'),
    prove: (body, _at, secret, target) => {
      const hash = `bodySHA256=${createHash('sha256').update(body).digest('hex')}`;
      const url = `${HOST_URL}${target}${target.includes('?') ? '&' : '?'}${hash}`;
      return {
        headers: [['x-twilio-signature', hmac('sha1', secret, url).toString('base64')]],
        query: hash,
      };
    },
    isProof: (request) => {
      const signature = only(request, 'x-twilio-signature') ?? '';
      const url = HOST_URL + pathAndQuery(request.target);
      if (
        isSameText(signature, hmac('sha1', SECRET, Buffer.from(url, 'latin1')).toString('base64'), 'base64')
      ) {
        const hashes = new URLSearchParams(url.slice(url.indexOf('?') + 1)).getAll('bodySHA256');
        const hash = createHash('sha256').update(request.body).digest('hex');
        if (hashes.length === 1 && hashes[0]?.toLowerCase() === hash) return true;
      }
      // Without a prototype: a form may have a field `constructor`.
      const form = Object.create(null) as Record<string, string[]>;
      for (const [name, value] of new URLSearchParams(`&${request.body.toString()}`))
        (form[name] ??= []).push(value);
      return twilio.validateRequest(SECRET, signature, url, form);
    },
  },
  written: {
    verification: {
      mode: 'hmac',
      digest: 'sha512',
      encoding: 'base64url',
      signature: { header: 'x-sig', part: 's' },
      message: [{ literal: 'v9' }, { header: 'x-at' }, { body: 'raw' }],
      joiner: '|',
      timestamp: { header: 'x-at', format: 'iso8601' },
      secrets,
    },
    prove: (body, at, secret) => {
      const time = new Date(at * 1000).toISOString();
      return {
        headers: [
          ['x-at', time],
          ['x-sig', `a=1,s=${xmac(secret, time, body)}`],
        ],
      };
    },
    isProof: (request, nowMs) => {
      const at = only(request, 'x-at') ?? '';
      if (!isFresh(Date.parse(at), nowMs)) return false;
      const expected = xmac(SECRET, at, request.body);
      return parts(only(request, 'x-sig'), 's').some((each) => isSameText(each, expected, 'base64url'));
    },
  },
  basic: {
    verification: { mode: 'basic', username: 'fuzz', secrets },
    prove: (_body, _at, secret) => ({
      headers: [['authorization', `Basic ${Buffer.from(`fuzz:${secret}`).toString('base64')}`]],
    }),
    isProof: (request) => {
      const [, given = ''] = /^basic +(.*)$/i.exec(only(request, 'authorization') ?? '') ?? [];
      return fromBase64(given).toString() === `fuzz:${SECRET}`;
    },
  },
  bearer: {
    verification: { mode: 'bearer', secrets: [{ setting: 'token' }] },
    prove: (_body, _at, secret) => ({ headers: [['authorization', `Bearer ${tokenOf(secret)}`]] }),
    isProof: (request) => new RegExp(`^bearer +${TOKEN}$`, 'i').test(only(request, 'authorization') ?? ''),
  },
  'api-key': {
    verification: { mode: 'api-key', key: { header: 'x-api-key', prefix: 'key ' }, secrets },
    prove: (_body, _at, secret) => ({ headers: [['x-api-key', `key ${secret}`]] }),
    isProof: (request) => only(request, 'x-api-key') === `key ${SECRET}`,
  },
  'api-key-in-query': {
    verification: { mode: 'api-key', key: { query: 'key' }, secrets: [{ setting: 'token' }] },
    prove: (_body, _at, secret) => ({ headers: [], query: `key=${tokenOf(secret)}` }),
    isProof: ({ target }) => {
      const at = target.indexOf('?');
      const keys = at < 0 ? [] : new URLSearchParams(target.slice(at + 1)).getAll('key');
      return keys.length === 1 && keys[0] === TOKEN;
    },
  },
  connector: {
    verification: { mode: 'connector', secretHeaders: ['x-proof'] },
    prove: (body, _at, secret) => ({ headers: [['x-proof', hashed(secret, body)]] }),
    isProof: (request) => only(request, 'x-proof') === hashed(SECRET, request.body),
  },
} as const satisfies Record<string, Scheme>;

export type SchemeName = keyof typeof schemes;

/** RFC 6750 allows no blanks. */
export const TOKEN = tokenOf(SECRET);

function tokenOf(secret: string): string {
  return secret.replaceAll(' ', '-');
}

/** Of a target that may name the whole URL. */
export function pathAndQuery(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]+/i, '');
}
