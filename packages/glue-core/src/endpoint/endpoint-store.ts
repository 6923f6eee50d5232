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
import { mayBecome } from './endpoint-moves.js';
import type { EndpointRecord, EndpointState, EndpointView } from './endpoint-record.js';
import { endpointOf, endpointTables, type EndpointRow } from './endpoint-table.js';
import type { EndpointOwner, EndpointPlan } from './plan-endpoint.js';

/** As long as the columns: of the reason, and of the path, which is the code by default. */
const MAX_REASON_LENGTH = 255;
const MAX_CODE_LENGTH = 128;

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

  async list(): Promise<EndpointView<Config>[]> {
    const rows = await this.#rows(this.options.database).orderBy('id');
    return rows.map((row) => this.#view(row));
  }

  /** Every endpoint, ready to be used; one whose configuration is not valid is reported and left out. */
  async openAll(
    report: (row: Pick<EndpointRow, 'id' | 'code' | 'path' | 'state'>, error: unknown) => void,
  ): Promise<EndpointRecord<Config>[]> {
    const rows = await this.#rows(this.options.database).orderBy('id');
    return rows.flatMap((row) => {
      try {
        return [{ ...endpointOf(row), config: this.checkConfig(row.code, JSON.parse(row.config)) }];
      } catch (error) {
        report(row, error);
        return [];
      }
    });
  }

  async listForBackend({ type, id }: BackendReference): Promise<EndpointView<Config>[]> {
    const rows = await this.#rows(this.options.database)
      .where({ backend_type: type, backend_id: id })
      .orderBy('id');
    return rows.map((row) => this.#view(row));
  }

  /** @throws GLUE_ENDPOINT_NOT_FOUND */
  async getByCode(code: string): Promise<EndpointView<Config>> {
    const row = await this.#rows(this.options.database).where({ code }).first();
    if (!row) throw this.#notFound(code);
    return this.#view(row);
  }

  /**
   * Moves an endpoint to another state.
   * @throws GLUE_ENDPOINT_NOT_FOUND, GLUE_ENDPOINT_STATE; GLUE_ENDPOINT_INCOMPLETE with every problem of one that
   *   cannot be active
   */
  setState(
    code: string,
    state: EndpointState,
    actor: string,
    reason?: string,
  ): Promise<EndpointView<Config>> {
    return this.#change(code, actor, 'endpoint.state', (row) => {
      if (!mayBecome(this.side, row.state, state)) {
        throw new GlueError(
          'GLUE_ENDPOINT_STATE',
          `${this.side} endpoint "${code}" is ${row.state}; it cannot become ${state}`,
        );
      }
      const problems = state === 'active' ? this.#view(row).problems : [];
      if (problems.length > 0) {
        throw new GlueError('GLUE_ENDPOINT_INCOMPLETE', `${this.side} endpoint "${code}" cannot be active`, {
          problems,
        });
      }
      return {
        values: { state, reason: reason?.slice(0, MAX_REASON_LENGTH) ?? null },
        detail: { from: row.state, to: state },
      };
    });
  }

  /**
   * Changes keys of an endpoint's configuration; what a person edited is kept when seeds are applied again.
   * @throws GLUE_ENDPOINT_NOT_FOUND, GLUE_ENDPOINT_INVALID
   */
  editConfig(
    code: string,
    changes: Readonly<Record<string, unknown>>,
    actor: string,
  ): Promise<EndpointView<Config>> {
    return this.#change(code, actor, 'endpoint.edit', (row) => {
      const config = { ...(JSON.parse(row.config) as Record<string, unknown>), ...changes };
      this.checkConfig(code, config);
      return { values: { config: JSON.stringify(config) }, detail: { fields: Object.keys(changes) } };
    });
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

  /** Rows as stored, for planning; nobody else changes them until the transaction ends. */
  rowsOf(
    trx: Transaction,
    ids: { seedIds: readonly string[]; backend?: BackendReference },
  ): Promise<EndpointRow[]> {
    const query = this.#rows(trx).whereIn('seed_id', ids.seedIds).forUpdate();
    return ids.backend
      ? query.where({ backend_type: ids.backend.type, backend_id: ids.backend.id })
      : query.whereNull('backend_type');
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
    if (plan.code.length > MAX_CODE_LENGTH) {
      throw new GlueError(
        'GLUE_ENDPOINT_INVALID',
        `the code "${plan.code}" is longer than ${MAX_CODE_LENGTH} characters: shorten the suffix or technicalPrefix()`,
      );
    }
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

  /** Changes one row, with its trace; nobody else changes it meanwhile. */
  async #change(
    code: string,
    actor: string,
    action: string,
    decide: (row: EndpointRow) => {
      values: Partial<EndpointRow>;
      detail: Readonly<Record<string, unknown>>;
    },
  ): Promise<EndpointView<Config>> {
    const { database, clock, side } = this.options;
    const now = clock.now();
    await inTransaction(database, async (trx) => {
      const row = await this.#rows(trx).where({ code }).forUpdate().first();
      if (!row) throw this.#notFound(code);
      const { values, detail } = decide(row);
      await this.#rows(trx)
        .where({ id: row.id })
        .update({ ...values, version: row.version + 1, updated_at: now });
      await audit(trx, { at: now, actor, action, subject: `${side} endpoint ${code}`, detail });
      await announceChange(trx, side);
    });
    return this.getByCode(code);
  }

  #rows(database: Database | Transaction) {
    return database<EndpointRow>(this.#table);
  }

  #view(row: EndpointRow): EndpointView<Config> {
    const record = endpointOf(row);
    const { data: config, error } = this.options.configSchema.safeParse(record.config);
    return { ...record, config, problems: error ? problemsOf(error, 'config') : [] };
  }

  #notFound(code: string): GlueError {
    return new GlueError('GLUE_ENDPOINT_NOT_FOUND', `there is no ${this.side} endpoint "${code}"`);
  }
}
