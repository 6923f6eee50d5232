import { GlueError, type BackendReference, type Database, type Json, type WorkState } from 'glue-core';
import {
  HELD_STATES,
  narrowDeliveries,
  type DeliveryFilter,
  type FilteredEndpoints,
} from './delivery-filter.js';
import { loadDeliveries } from './load-deliveries.js';
import { DELIVERIES, DELIVERY_ATTEMPTS } from './tables.js';

/** A delivery in lists. */
export interface DeliverySummary {
  readonly id: string;
  readonly endpointId: number;
  /** `held` while its endpoint or backend cannot work. */
  readonly state: WorkState;
  /** Why it is `held`, as things are now. */
  readonly heldReason?: string;
  readonly attempts: number;
  readonly note?: string;
  readonly idempotencyKey?: string;
  readonly orderingKey?: string;
  readonly backend?: BackendReference;
  /** The delivery that this one replays. */
  readonly originalId?: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly dueAt: number;
  readonly finishedAt?: number;
}

type StateNow = Pick<DeliverySummary, 'state' | 'heldReason'>;

/** A delivery with what was queued. */
export interface DeliveryDetail extends DeliverySummary {
  readonly payload?: Json;
  readonly context: Readonly<Record<string, Json>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** One try at a delivery. */
export interface DeliveryAttempt {
  readonly number: number;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly durationMs: number;
  readonly outcome: string;
  readonly cause?: string;
  readonly note?: string;
  readonly error?: string;
  readonly status?: number;
  /** As sent and as received, secrets redacted. */
  readonly request?: unknown;
  readonly response?: unknown;
}

/** Which part of a listing. */
export interface DeliveryPage {
  /** The `cursor` of the page before. */
  readonly after?: string;
  /** @defaultValue 50 */
  readonly limit?: number;
}

interface SummaryRow {
  id: string;
  endpoint_id: number;
  state: WorkState;
  attempts: number;
  note: string | null;
  idempotency_key: string | null;
  ordering_key: string | null;
  backend_type: string | null;
  backend_id: number | null;
  original_id: string | null;
  arrival: string;
  created_at: number;
  due_at: number;
  finished_at: number | null;
}

interface Counted extends Pick<SummaryRow, 'state' | 'endpoint_id'> {
  count: number | string;
}

interface AttemptRow {
  item_id: string;
  number: number;
  started_at: number;
  ended_at: number;
  outcome: string;
  cause: string | null;
  note: string | null;
  error: string | null;
  status: number | null;
  request: string | null;
  response: string | null;
}

/** Reads deliveries for people. */
export class DeliveryQueries {
  constructor(
    private readonly database: Database,
    private readonly endpoints: FilteredEndpoints,
  ) {}

  /** The latest first, by when they were queued. */
  async list(
    filter: DeliveryFilter = {},
    { after, limit = 50 }: DeliveryPage = {},
  ): Promise<{ deliveries: DeliverySummary[]; cursor?: string }> {
    const query = this.database<SummaryRow>(DELIVERIES)
      .orderBy('arrival', 'desc')
      .limit(limit + 1);
    narrowDeliveries(query, filter, this.endpoints);
    if (after !== undefined) void query.where('arrival', '<', after);
    const rows = await query;
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      deliveries: page.map((row) => this.#summary(row)),
      ...(rows.length > limit && last && { cursor: last.arrival }),
    };
  }

  /** @throws GLUE_DELIVERY_NOT_FOUND, GLUE_CONTENT_UNREADABLE */
  async get(id: string): Promise<DeliveryDetail> {
    const row = await this.database<SummaryRow>(DELIVERIES).where({ id }).first();
    const stored = (await loadDeliveries(this.database, [id])).get(id);
    if (!row || !stored) throw new GlueError('GLUE_DELIVERY_NOT_FOUND', `there is no delivery ${id}`);
    if (stored instanceof GlueError) throw stored;
    const { payload, context, headers } = stored;
    return { ...this.#summary(row), ...(payload !== undefined && { payload }), context, headers };
  }

  /** The tries at one delivery, first to last. */
  async attempts(id: string): Promise<DeliveryAttempt[]> {
    const rows = await this.database<AttemptRow>(DELIVERY_ATTEMPTS).where({ item_id: id }).orderBy('number');
    return rows.map(attemptOf);
  }

  /**
   * How many deliveries of an endpoint, or of all, are in which state; states without deliveries are left out. Looks at
   * each, so it is for people, now and then.
   */
  async countByState(endpointId?: number): Promise<Partial<Record<WorkState, number>>> {
    const query = this.database(DELIVERIES)
      .groupBy('endpoint_id', 'state')
      .select('endpoint_id', 'state')
      .count({ count: '*' });
    if (endpointId !== undefined) void query.where({ endpoint_id: endpointId });
    const counts: Partial<Record<WorkState, number>> = {};
    for (const { count, ...row } of (await query) as Counted[]) {
      const { state } = this.#stateOf(row);
      counts[state] = (counts[state] ?? 0) + Number(count);
    }
    return counts;
  }

  #stateOf({ state, endpoint_id: endpointId }: Pick<SummaryRow, 'state' | 'endpoint_id'>): StateNow {
    const heldReason = HELD_STATES.includes(state) ? this.endpoints.heldReason(endpointId) : undefined;
    return heldReason === undefined ? { state } : { state: 'held', heldReason };
  }

  #summary(row: SummaryRow): DeliverySummary {
    return {
      id: row.id,
      endpointId: row.endpoint_id,
      ...this.#stateOf(row),
      attempts: row.attempts,
      ...(row.note !== null && { note: row.note }),
      ...(row.idempotency_key !== null && { idempotencyKey: row.idempotency_key }),
      ...(row.ordering_key !== null && { orderingKey: row.ordering_key }),
      ...(row.backend_type !== null &&
        row.backend_id !== null && { backend: { type: row.backend_type, id: row.backend_id } }),
      ...(row.original_id !== null && { originalId: row.original_id }),
      createdAt: Number(row.created_at),
      dueAt: Number(row.due_at),
      ...(row.finished_at !== null && { finishedAt: Number(row.finished_at) }),
    };
  }
}

function attemptOf(row: AttemptRow): DeliveryAttempt {
  const [startedAt, endedAt] = [Number(row.started_at), Number(row.ended_at)];
  return {
    number: row.number,
    startedAt,
    endedAt,
    durationMs: endedAt - startedAt,
    outcome: row.outcome,
    ...(row.cause !== null && { cause: row.cause }),
    ...(row.note !== null && { note: row.note }),
    ...(row.error !== null && { error: row.error }),
    ...(row.status !== null && { status: row.status }),
    ...(row.request !== null && { request: JSON.parse(row.request) as unknown }),
    ...(row.response !== null && { response: JSON.parse(row.response) as unknown }),
  };
}
