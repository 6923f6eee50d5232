import { inflateStored } from '../receive/inflate.js';
import type { StoredEvent } from '../store/load-events.js';
import type { InboundEvent } from './inbound-event.js';

/** What the body of an event holds: the bytes as received, inflated where they came compressed. @throws Error of zlib */
export function contentOf({ body, headers }: Pick<StoredEvent, 'body' | 'headers'>): Buffer {
  return inflateStored(headers['content-encoding']?.[0], body);
}

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
      parsed ??= { value: parse(stored) };
      return parsed.value;
    },
    receivedAt,
    kind,
    endpoint: { id: endpointId, code: endpointCode },
    ...(backend && { backend }),
  };
}

function parse(stored: StoredEvent): unknown {
  try {
    return JSON.parse(
      contentOf(stored)
        .toString('utf8')
        .replace(/^\uFEFF/, ''),
    );
  } catch {
    return undefined;
  }
}
