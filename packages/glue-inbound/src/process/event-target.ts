import { formatBackendReference, Held, type BackendRegistry } from 'glue-core';
import { hasInboundHook } from '../inbound-backend.js';
import type { Addressee } from '../store/held-events.js';
import type { InboundHandler } from './inbound-event.js';

/** Who could take events. */
export interface EventTargets {
  readonly registry: Pick<BackendRegistry, 'find'>;
  /** By `<connector>:<handlerId>`. */
  readonly handlers: ReadonlyMap<string, InboundHandler>;
}

/** Who takes an event. */
export type EventTarget =
  | { readonly kind: 'handler' | 'backend'; readonly name: string; readonly takes: InboundHandler }
  /** It is stored, and that is all. */
  | { readonly kind: 'nobody' };

/** Finds who takes an event: its handler, else its backend's hook, else nobody; or why it waits for them. */
export function eventTarget(
  { handler, backend }: Addressee,
  { registry, handlers }: EventTargets,
): EventTarget | Held {
  if (handler !== undefined) {
    const takes = handlers.get(handler);
    if (!takes) return new Held(`no enabled connector offers the handler "${handler}"`);
    return { kind: 'handler', name: `handler "${handler}"`, takes };
  }
  if (!backend) return { kind: 'nobody' };
  const name = `backend ${formatBackendReference(backend)}`;
  const lookup = registry.find(backend);
  if (lookup.state !== 'ready') return new Held(`${name}: ${lookup.reason}`);
  const { instance } = lookup;
  return hasInboundHook(instance) ? { kind: 'backend', name, takes: instance } : { kind: 'nobody' };
}
