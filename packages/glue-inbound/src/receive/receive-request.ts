import type { IncomingMessage } from 'node:http';
import { newId, type Clock } from 'glue-core';
import type { InboundConfig } from '../endpoint/inbound-config.js';
import type { OpenEndpoint } from '../endpoint/open-endpoint.js';
import type { NewEvent } from '../store/new-event.js';
import { checkFreshness } from './freshness.js';
import { identify } from './identify.js';
import { parsePayload } from './parse-payload.js';
import type { RawRequest } from './raw-request.js';
import { readBody } from './read-body.js';
import { redactHeaders } from './redact-headers.js';
import { Refusal } from './refusal.js';
import { verify } from './verify.js';

type ReadyEndpoint = Extract<OpenEndpoint, { status: 'ready' }>;

/** A request that was read, and what came of it. */
export interface Reception {
  /** Set once the request is proven; what is not is never kept. */
  readonly proven?: RawRequest;
  readonly result: NewEvent | Refusal;
}

/**
 * From the open connection to an event that is ready to be stored: read, verify, and only then look.
 * @param now - the shared time, by which freshness is measured: a host whose own clock is off refuses nobody
 */
export async function receiveRequest(
  incoming: IncomingMessage,
  url: string,
  open: ReadyEndpoint,
  clock: Clock,
  now: () => number,
): Promise<Reception> {
  const body = await readBody(incoming, open.endpoint.config.limits, clock);
  if (body instanceof Refusal) return { result: body };
  const request = { headers: incoming.headersDistinct, url, body };
  const unproven = prove(request, open, now());
  return unproven ? { result: unproven } : { proven: request, result: judge(request, open) };
}

/** Whether the provider itself sent it, and lately. */
function prove(request: RawRequest, { endpoint, keys }: ReadyEndpoint, nowMs: number): Refusal | undefined {
  const { verification, freshness } = endpoint.config;
  const signed = verification.mode === 'hmac' ? verification.timestamp : undefined;
  return verify(verification, keys, request) ?? checkFreshness(freshness, signed, request, nowMs);
}

function judge(request: RawRequest, { endpoint }: ReadyEndpoint): NewEvent | Refusal {
  const { config } = endpoint;
  const payload = parsePayload(config.payload, request.body);
  if (payload instanceof Refusal) return payload;
  const identity = identify(config, { ...request, ...payload });
  if (identity instanceof Refusal) return identity;
  return {
    id: newId(),
    endpointId: endpoint.id,
    ...identity,
    headers: redactHeaders(request.headers, signatureHeaderOf(config)),
    body: request.body,
    rearm: config.rearmDuplicates,
    ...(endpoint.handler !== undefined && { handler: endpoint.handler }),
    ...(endpoint.backend && { backend: endpoint.backend }),
  };
}

/** The header that proves requests of an endpoint. */
export function signatureHeaderOf({ verification }: InboundConfig): string | undefined {
  return verification.mode === 'hmac' ? verification.signature.header : undefined;
}
