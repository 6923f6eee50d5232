import { inflateStored } from '../receive/inflate.js';
import type { StoredEvent } from '../store/load-events.js';
import type { InboundEvent } from './inbound-event.js';

/** The event as handlers see it. The body is parsed when it is first asked for. */
export function inboundEventOf(stored: StoredEvent, endpointCode: string): InboundEvent {
  const { id, endpointId, kind, semantics, headers, body, receivedAt, backend } = stored;
  let parsed: { value: unknown } | undefined;
  return {
    id,
    type: semantics.event_type ?? '',
    semantics,
    headers,
    rawBody: body,
    get body() {
      parsed ??= { value: parse(body, headers['content-encoding']?.[0]) };
      return parsed.value;
    },
    receivedAt,
    kind,
    endpoint: { id: endpointId, code: endpointCode },
    ...(backend && { backend }),
  };
}

function parse(body: Buffer, contentEncoding: string | undefined): unknown {
  try {
    const content = inflateStored(contentEncoding, body);
    return JSON.parse(content.toString('utf8').replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
