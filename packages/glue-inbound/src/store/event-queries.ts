import { formatBackendReference, GlueError, type Database, type WorkState } from 'glue-core';
import { contentOf } from '../process/stored-inbound-event.js';
import { narrowEvents, type EventFilter } from './event-filter.js';
import type { EventRow } from './event-row.js';
import { loadEvents, type StoredEvent } from './load-events.js';
import { eventTable, EVENTS } from './tables.js';

/** An event as people see it, without its payload. Times are Unix milliseconds. */
export interface EventView {
  readonly id: string;
  readonly endpointId: number;
  readonly state: WorkState;
  readonly type: string;
  readonly kind: 'primary' | 'replay';
  /** What a replay repeats: the first event of its replay identity, or the one that an operator replayed. */
  readonly primaryId: string | undefined;
  readonly deliveryKey: string;
  /** Where the delivery key came from; `replay` when an operator replayed another event. */
  readonly deliveryKeySource: EventRow['delivery_key_source'];
  readonly handler: string | undefined;
  /** `<type>,<id>` */
  readonly backend: string | undefined;
  readonly attempts: number;
  readonly note: string | undefined;
  readonly receivedAt: number;
  /** When it is tried next, while it waits. */
  readonly dueAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly duplicates: number;
  readonly lastDuplicateAt: number | undefined;
}

/** One attempt at an event, from its log. */
export interface EventAttempt {
  readonly number: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly durationMs: number;
  readonly outcome: string;
  readonly cause: string | undefined;
  readonly note: string | undefined;
  /** The stack of an unforeseen error. */
  readonly error: string | undefined;
}

/** What only one event is asked for. */
export interface EventDetails {
  readonly payload: StoredEvent;
  /** What the body holds: the same bytes, or what they are once inflated. */
  readonly content: Buffer;
  readonly log: readonly EventAttempt[];
}

/** Which part of a listing. */
export interface EventPage {
  /** Only events older than this one: the last of the page before. */
  readonly before?: string;
  /** @defaultValue 50 */
  readonly limit?: number;
}

interface AttemptRow {
  number: number;
  started_at: number | string;
  ended_at: number | string;
  outcome: string;
  cause: string | null;
  note: string | null;
  error: string | null;
}

/** What operators ask about events. */
export class EventQueries {
  constructor(private readonly database: Database) {}

  /** The latest first; ids are in order of time. */
  async list({ before, limit = 50, ...filter }: EventFilter & EventPage = {}): Promise<EventView[]> {
    const query = this.database<EventRow>(EVENTS).orderBy('id', 'desc').limit(limit);
    narrowEvents(query, filter);
    if (before !== undefined) void query.where('id', '<', before);
    return (await query).map(viewOf);
  }

  /** @throws GLUE_EVENT_NOT_FOUND, GLUE_CONTENT_UNREADABLE */
  async get(id: string): Promise<EventView & EventDetails> {
    const row = await this.database<EventRow>(EVENTS).where({ id }).first();
    const payload = (await loadEvents(this.database, [id])).get(id);
    if (!row || !payload) throw new GlueError('GLUE_EVENT_NOT_FOUND', `there is no event ${id}`);
    if (payload instanceof GlueError) throw payload;
    return { ...viewOf(row), payload, content: contentOf(payload), log: await this.#log(id) };
  }

  /** How many events of an endpoint, or of all, are in which state; states without events are left out. */
  async countByState(endpointId?: number): Promise<Partial<Record<WorkState, number>>> {
    const query = this.database<EventRow>(EVENTS).groupBy('state').select('state').count({ count: '*' });
    if (endpointId !== undefined) void query.where({ endpoint_id: endpointId });
    const rows = (await query) as { state: WorkState; count: number | string }[];
    return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
  }

  async #log(id: string): Promise<EventAttempt[]> {
    const rows = await this.database<AttemptRow & { item_id: string }>(eventTable.attempts)
      .where({ item_id: id })
      .orderBy('number');
    return rows.map((row) => ({
      number: row.number,
      startedAt: Number(row.started_at),
      endedAt: Number(row.ended_at),
      durationMs: Number(row.ended_at) - Number(row.started_at),
      outcome: row.outcome,
      cause: row.cause ?? undefined,
      note: row.note ?? undefined,
      error: row.error ?? undefined,
    }));
  }
}

function viewOf(row: EventRow): EventView {
  const waits = row.state === 'received' || row.state === 'retrying';
  return {
    id: row.id,
    endpointId: row.endpoint_id,
    state: row.state,
    type: row.type,
    kind: row.kind,
    primaryId: row.primary_id ?? undefined,
    deliveryKey: row.delivery_key,
    deliveryKeySource: row.delivery_key_source,
    handler: row.handler ?? undefined,
    backend:
      row.backend_type === null || row.backend_id === null
        ? undefined
        : formatBackendReference({ type: row.backend_type, id: row.backend_id }),
    attempts: row.attempts,
    note: row.note ?? undefined,
    receivedAt: Number(row.received_at),
    dueAt: waits ? timeOf(row.due_at) : undefined,
    finishedAt: timeOf(row.finished_at),
    duplicates: row.duplicates,
    lastDuplicateAt: timeOf(row.last_duplicate_at),
  };
}

function timeOf(value: number | string | null): number | undefined {
  return value === null ? undefined : Number(value);
}
