import type { z } from 'zod';
import { audit } from '../audit/audit-log.js';
import { announceChange } from '../change/change-feed.js';
import type { Clock } from '../clock/clock.js';
import type { Database, Transaction } from '../database/database.js';
import { inTransaction } from '../database/in-transaction.js';
import { GlueError } from '../errors/glue-error.js';
import type { BackendReference } from '../naming/backend-reference.js';
import type { SideName } from '../side/side-name.js';
import { problemsOf } from '../validation/problems.js';
import type { EndpointRecord, EndpointState } from './endpoint-record.js';
import { endpointOf, endpointTables, type EndpointRow } from './endpoint-table.js';
import type { EndpointOwner, EndpointPlan } from './plan-endpoint.js';

/** Which state may follow which. A person archives and activates; Glue itself disables. */
const moves: Readonly<Record<EndpointState, readonly EndpointState[]>> = {
  draft: ['active', 'archived'],
  active: ['paused', 'disabled', 'archived'],
  paused: ['active', 'archived'],
  disabled: ['active', 'archived'],
  archived: ['draft'],
};

export interface EndpointStoreOptions<Config> {
  readonly database: Database;
  readonly clock: Clock;
  readonly side: SideName;
  /** Validates the side's configuration, as stored; gives it with defaults. */
  readonly configSchema: z.ZodType<Config>;
}

/** The endpoints of one side in the database. */
export class EndpointStore<Config = unknown> {
  readonly side: SideName;
  readonly #table: string;

  constructor(private readonly options: EndpointStoreOptions<Config>) {
    this.side = options.side;
    this.#table = endpointTables[options.side];
  }

  async list(): Promise<EndpointRecord<Config>[]> {
    const rows = await this.#rows(this.options.database).orderBy('id');
    return rows.map((row) => this.#record(row));
  }

  async listForBackend({ type, id }: BackendReference): Promise<EndpointRecord<Config>[]> {
    const rows = await this.#rows(this.options.database)
      .where({ backend_type: type, backend_id: id })
      .orderBy('id');
    return rows.map((row) => this.#record(row));
  }

  /** @throws GLUE_ENDPOINT_NOT_FOUND */
  async getByCode(code: string): Promise<EndpointRecord<Config>> {
    const row = await this.#rows(this.options.database).where({ code }).first();
    if (!row) throw new GlueError('GLUE_ENDPOINT_NOT_FOUND', `there is no ${this.side} endpoint "${code}"`);
    return this.#record(row);
  }

  /** Moves an endpoint to another state. @throws GLUE_ENDPOINT_NOT_FOUND, GLUE_ENDPOINT_STATE */
  async setState(
    code: string,
    state: EndpointState,
    actor: string,
    reason?: string,
  ): Promise<EndpointRecord<Config>> {
    const { database, clock, side } = this.options;
    const now = clock.now();
    await inTransaction(database, async (trx) => {
      const row = await this.#rows(trx).where({ code }).first();
      if (!row) throw new GlueError('GLUE_ENDPOINT_NOT_FOUND', `there is no ${side} endpoint "${code}"`);
      if (!moves[row.state].includes(state)) {
        throw new GlueError(
          'GLUE_ENDPOINT_STATE',
          `${side} endpoint "${code}" is ${row.state}; it cannot become ${state}`,
        );
      }
      if (state === 'active') this.checkConfig(code, JSON.parse(row.config));
      await this.#rows(trx)
        .where({ id: row.id })
        .update({ state, reason: reason ?? null, version: row.version + 1, updated_at: now });
      await audit(trx, {
        at: now,
        actor,
        action: 'endpoint.state',
        subject: `${side} endpoint ${code}`,
        detail: { from: row.state, to: state },
      });
      await announceChange(trx, side);
    });
    return this.getByCode(code);
  }

  /** @throws GLUE_ENDPOINT_INVALID with every problem of the configuration */
  checkConfig(code: string, config: unknown): Config {
    const parsed = this.options.configSchema.safeParse(config);
    if (parsed.success) return parsed.data;
    throw new GlueError(
      'GLUE_ENDPOINT_INVALID',
      `the configuration of ${this.side} endpoint "${code}" is not valid`,
      {
        problems: problemsOf(parsed.error, 'config'),
      },
    );
  }

  /** Rows as stored, for planning. */
  rowsOf(
    trx: Transaction,
    ids: { seedIds: readonly string[]; backend?: BackendReference },
  ): Promise<EndpointRow[]> {
    const query = this.#rows(trx).whereIn('seed_id', ids.seedIds);
    return ids.backend
      ? query.where({ backend_type: ids.backend.type, backend_id: ids.backend.id })
      : query.whereNull('backend_type');
  }

  /** Which other endpoint holds the code, path or link that a plan needs; in words, with its owner. */
  async clashesOf(
    trx: Transaction,
    plan: EndpointPlan,
    owner: EndpointOwner,
    existingId: number | undefined,
  ): Promise<string[]> {
    const others = await this.#rows(trx)
      .where((any) => {
        void any.where({ code: plan.code });
        if (plan.path !== undefined) void any.orWhere({ path: plan.path });
        if (owner.backend) {
          const link = { backend_type: owner.backend.type, backend_id: owner.backend.id };
          void any.orWhere(this.side === 'inbound' ? link : { ...link, suffix: plan.suffix });
        }
      })
      .whereNot({ id: existingId ?? 0 });
    const asker = `seed "${plan.seed.seedId}" for ${owner.name}`;
    return others.flatMap((other) => {
      const holder = `${this.side} endpoint "${other.code}" (${other.backend_type === null ? 'not linked' : `of ${other.backend_type},${other.backend_id}`})`;
      if (other.code === plan.code) return [`${asker} needs the code "${plan.code}", which ${holder} has`];
      if (plan.path !== undefined && other.path === plan.path)
        return [`${asker} needs the path "${plan.path}", which ${holder} has`];
      return [`${asker} needs the link of ${owner.backend?.type},${owner.backend?.id}, which ${holder} has`];
    });
  }

  /** Writes a plan. The caller checked its clashes and holds the transaction. */
  async apply(
    trx: Transaction,
    plan: EndpointPlan,
    owner: EndpointOwner,
    existing: EndpointRow | undefined,
    actor: string,
  ): Promise<void> {
    if (plan.action === 'unchanged') return;
    this.checkConfig(plan.code, plan.config);
    const now = this.options.clock.now();
    const values = {
      name: plan.name,
      code: plan.code,
      suffix: plan.suffix,
      handler: plan.handler ?? null,
      config: JSON.stringify(plan.config),
      seed_fields: JSON.stringify(plan.seedFields),
      updated_at: now,
    };
    if (existing) {
      await this.#rows(trx)
        .where({ id: existing.id })
        .update({ ...values, version: existing.version + 1 });
    } else {
      await this.#rows(trx).insert({
        ...values,
        state: plan.seed.state,
        company: owner.company,
        backend_type: owner.backend?.type ?? null,
        backend_id: owner.backend?.id ?? null,
        path: plan.path ?? null,
        seed_id: plan.seed.seedId,
        version: 1,
        created_at: now,
      });
    }
    const detail = { seed: plan.seed.seedId, updated: plan.updated, kept: plan.conflicts };
    await audit(trx, {
      at: now,
      actor,
      action: `endpoint.${plan.action}`,
      subject: `${this.side} endpoint ${plan.code}`,
      detail,
    });
    await announceChange(trx, this.side);
  }

  #rows(database: Database | Transaction) {
    return database<EndpointRow>(this.#table);
  }

  #record(row: EndpointRow): EndpointRecord<Config> {
    return endpointOf(row, (config) => this.checkConfig(row.code, config));
  }
}
