import {
  deadLetter,
  done,
  formatBackendReference,
  GlueError,
  outcomeOf,
  type AttemptContext,
  type AttemptResult,
  type BackendRegistry,
  type OutboundPort,
} from 'glue-core';
import { hasInboundHook } from '../inbound-backend.js';
import type { StoredEvent } from '../store/load-events.js';
import { inboundContext } from './inbound-context.js';
import type { InboundContext, InboundEvent, InboundHandler, InboundOutcome } from './inbound-event.js';
import { inboundEventOf } from './stored-inbound-event.js';

/** Whom events can be given to. */
export interface ProcessTargets {
  readonly registry: Pick<BackendRegistry, 'find'>;
  /** By `<connector>:<handlerId>`. */
  readonly handlers: ReadonlyMap<string, InboundHandler>;
  readonly outbound?: OutboundPort;
}

/**
 * Gives an event to whom it is for: its handler, else its backend's hook, else nobody.
 * @throws whatever the handler throws; GLUE_OUTCOME_UNKNOWN when it returns no outcome
 */
export async function processEvent(
  stored: StoredEvent,
  endpointCode: string,
  attempt: AttemptContext,
  { registry, handlers, outbound }: ProcessTargets,
): Promise<AttemptResult> {
  const event = inboundEventOf(stored, endpointCode);
  const context = inboundContext(attempt, stored.backend, outbound);
  if (stored.handler !== undefined) {
    const handler = handlers.get(stored.handler);
    if (!handler) return notNow(`no enabled connector offers the handler "${stored.handler}"`);
    const outcome: unknown = await handler.handleInboundEvent(event, context);
    return { result: knownOutcome(outcome, `handler "${stored.handler}"`) };
  }
  if (!stored.backend) return { result: done('stored only') };

  const reference = formatBackendReference(stored.backend);
  const lookup = registry.find(stored.backend);
  if (lookup.state !== 'ready') return notNow(`backend ${reference}: ${lookup.reason}`);
  if (!hasInboundHook(lookup.instance)) return { result: done('stored only') };
  return { result: await askBackend(lookup.instance, `backend ${reference}`, event, context) };
}

async function askBackend(
  hook: InboundHandler,
  who: string,
  event: InboundEvent,
  context: InboundContext,
): Promise<InboundOutcome> {
  const outcome: unknown = await hook.handleInboundEvent(event, context);
  if (outcome === undefined || outcome === null) return deadLetter(`${who} returned no outcome`);
  return knownOutcome(outcome, who);
}

function knownOutcome(outcome: unknown, who: string): InboundOutcome {
  const known = outcomeOf(outcome);
  if (known) return known;
  throw new GlueError(
    'GLUE_OUTCOME_UNKNOWN',
    `${who} returned something that is no outcome: return done(), retry(), deadLetter() or cancel()`,
  );
}

/** Not the event's fault: tried again without using up a retry. */
function notNow(note: string): AttemptResult {
  return { result: { kind: 'failed', note, internal: true }, cause: 'configuration' };
}
