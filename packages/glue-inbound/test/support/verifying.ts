import { ManualClock, silentLogger, type Clock, type Logger } from 'glue-core';
import { inboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';
import type { ProofMeans } from '../../src/receive/proof.js';
import { createVerifier, type Verifier } from '../../src/receive/verifier.js';

/** What is sent; a header may be repeated. */
export interface Sent {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly url?: string;
  readonly body?: Buffer | string;
}

export interface Receiving extends ProofMeans {
  /** Of a linked backend without code of its own. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** No timestamp is refused for its age unless something else is said. */
  readonly freshness?: object;
  readonly nowMs?: number;
}

/** @throws when nothing could be verified, with the reason */
export function verifierOf(verification: object, receiving: Receiving = {}): Verifier {
  const { settings, freshness, clock = new ManualClock(), logger = silentLogger, ...means } = receiving;
  const config = inboundEndpointConfigSchema.parse({
    verification,
    freshness: freshness ?? { maxAgeSeconds: 0, maxFutureSeconds: 0 },
  });
  const made = createVerifier(
    config,
    { ...means, ...(settings && { backend: { settings } }) },
    { clock, logger },
  );
  if ('reason' in made) throw new Error(made.reason);
  return made;
}

/** How an endpoint refuses a request, as `cause: detail`; undefined when it does not. */
export function refusalOf(verification: object, receiving: Receiving, sent: Sent): string | undefined {
  const refusal = verifierOf(verification, receiving).verify(asReceived(sent), receiving.nowMs ?? 0);
  if (refusal instanceof Promise) throw new Error('only a connector takes its time');
  return refusal && `${refusal.cause}: ${refusal.detail}`;
}

export function asReceived({ headers = {}, url = '/webhooks/in/x', body = '' }: Sent) {
  return {
    url,
    body: Buffer.from(body),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value].flat()]),
    ),
  };
}
