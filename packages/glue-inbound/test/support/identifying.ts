import { createHash } from 'node:crypto';
import { inboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';
import type { SemanticFunction } from '../../src/endpoint/semantic-functions.js';
import { identify } from '../../src/receive/identify.js';
import { parsePayload } from '../../src/receive/parse-payload.js';
import { Refusal } from '../../src/receive/refusal.js';
import type { ConfigInput } from './inbound-fixture.js';

export type Sources = NonNullable<NonNullable<ConfigInput['semantics']>['topic']>;

export const body =
  `{"long":"${'x'.repeat(20_000)}","id":"evt_1","n":0,"no":false,"none":null,"blank":" ",` +
  '"list":[{"id":7}],"a.b":"dotted","big":12345678901234567891}';

export interface Given {
  readonly body?: string;
  /** What the connector offers. */
  readonly offered?: Readonly<Record<string, SemanticFunction>>;
}

/** What a request is about, and what it is known by, at an endpoint of the given configuration. */
export function identityOf(config: Omit<ConfigInput, 'verification'>, given: Given = {}) {
  const parsed = inboundEndpointConfigSchema.parse({ verification: { mode: 'none' }, ...config });
  const bytes = Buffer.from(given.body ?? body);
  const payload = parsePayload(parsed.payload, bytes);
  if (payload instanceof Refusal) return payload;
  const request = {
    headers: { 'x-topic': ['orders/create'], 'x-parts': ['a=1, b=2,b=3'], 'x-twice': ['1', '2'] },
    url: '/webhooks/in/x?tenant=acme%20co&empty=',
    body: bytes,
    ...payload,
  };
  const owned = Object.entries(given.offered ?? {}).map(
    ([name, call]) => [name, { call, backend: 'shop,1' }] as const,
  );
  return identify(parsed, request, new Map(owned));
}

/** What the sources of one semantic give. */
export function read(sources: Sources, given?: Given) {
  const identity = identityOf({ semantics: { topic: sources } }, given);
  return identity instanceof Refusal ? identity : identity.semantics.topic;
}

export const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');
