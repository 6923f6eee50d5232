import {
  deadLetter,
  done,
  GlueError,
  outcomeOf,
  type AttemptContext,
  type AttemptResult,
  type OutboundPort,
} from 'glue-core';
import type { StoredEvent } from '../store/load-events.js';
import type { EventTarget } from './event-target.js';
import { inboundContext } from './inbound-context.js';
import type { InboundOutcome } from './inbound-event.js';
import { inboundEventOf } from './stored-inbound-event.js';

/** What an attempt at an event needs beside the event. */
export interface ProcessMeans {
  readonly target: EventTarget;
  readonly endpointCode: string;
  /** Absent when that side is not installed. */
  readonly outbound: OutboundPort | undefined;
}

/**
 * Gives an event to who takes it.
 * @throws whatever the handler throws; GLUE_OUTCOME_UNKNOWN when it returns no outcome
 */
export async function processEvent(
  stored: StoredEvent,
  attempt: AttemptContext,
  { target, endpointCode, outbound }: ProcessMeans,
): Promise<AttemptResult> {
  if (target.kind === 'nobody') return { result: done('stored only') };
  const event = inboundEventOf(stored, endpointCode);
  const context = inboundContext(attempt, stored.backend, outbound);
  const outcome: unknown = await target.takes.handleInboundEvent(event, context);
  const isMissing = outcome === undefined || outcome === null;
  if (target.kind === 'backend' && isMissing)
    return { result: deadLetter(`${target.name} returned no outcome`) };
  return { result: knownOutcome(outcome, target.name) };
}

function knownOutcome(outcome: unknown, who: string): InboundOutcome {
  const known = outcomeOf(outcome);
  if (known) return known;
  throw new GlueError(
    'GLUE_OUTCOME_UNKNOWN',
    `${who} returned something that is no outcome: return done(), retry(), deadLetter() or cancel()`,
  );
}
