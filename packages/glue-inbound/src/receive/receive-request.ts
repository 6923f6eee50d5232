import type { IncomingMessage } from 'node:http';
import { newId, type Clock } from 'glue-core';
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
  readonly request?: RawRequest;
  readonly result: NewEvent | Refusal;
}

/** From the open connection to an event that is ready to be stored: read, verify, and only then look. */
export async function receiveRequest(
  incoming: IncomingMessage,
  url: string,
  open: ReadyEndpoint,
  clock: Clock,
): Promise<Reception> {
  const body = await readBody(incoming, open.endpoint.config.limits, clock);
  if (body instanceof Refusal) return { result: body };
  const request = { headers: incoming.headersDistinct, url, body };
  return { request, result: judge(request, open, clock.now()) };
}

function judge(request: RawRequest, { endpoint, keys }: ReadyEndpoint, nowMs: number): NewEvent | Refusal {
  const { config } = endpoint;
  const { verification, freshness } = config;
  const unproven = verify(verification, keys, request);
  if (unproven) return unproven;
  const signed = verification.mode === 'hmac' ? verification.timestamp : undefined;
  const stale = checkFreshness(freshness, signed, request, nowMs);
  if (stale) return stale;
  const payload = parsePayload(config.payload, request.body);
  if (payload instanceof Refusal) return payload;
  const identity = identify(config, { ...request, ...payload });
  if (identity instanceof Refusal) return identity;
  return {
    id: newId(),
    endpointId: endpoint.id,
    ...identity,
    headers: redactHeaders(request.headers),
    body: request.body,
    rearm: config.rearmDuplicates,
    ...(endpoint.handler !== undefined && { handler: endpoint.handler }),
    ...(endpoint.backend && { backend: endpoint.backend }),
  };
}
