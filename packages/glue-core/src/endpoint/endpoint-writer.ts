import { audit } from '../audit/audit-log.js';
import { holdBackend } from '../backend/backend-table.js';
import { announceChange } from '../change/change-feed.js';
import { isDuplicateKeyError } from '../database/database-errors.js';
import type { Database, Transaction } from '../database/database.js';
import { inTransaction } from '../database/in-transaction.js';
import { GlueError } from '../errors/glue-error.js';
import { formatBackendReference } from '../naming/backend-reference.js';
import type { SideName } from '../side/side-name.js';
import type { EndpointCheck } from './endpoint-check.js';
import { clashesOf } from './endpoint-clashes.js';
import { secretRowsOf } from './endpoint-secret-table.js';
import { endpointTables, linkOf, lockEndpoint, type EndpointRow } from './endpoint-table.js';

export interface EndpointWriterOptions {
  readonly database: Database;
  /** The time that all hosts share, in Unix milliseconds. */
  readonly now: () => number;
  readonly side: SideName;
}

/** A row that is not stored yet. */
export type NewEndpointRow = Omit<EndpointRow, 'id' | 'version' | 'created_at' | 'updated_at'>;

/** What a change writes, and what its trace tells. */
export interface EndpointChange {
  readonly values: Partial<EndpointRow>;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Who changes an endpoint, and which version of it was looked at. */
export interface Author {
  readonly actor: string;
  /** @defaultValue the present version */
  readonly version?: number | undefined;
}

/** Writes endpoints of one side: with their trace, told to all hosts, and only what keeps the rules. */
export class EndpointWriter {
  readonly #table: string;

  constructor(
    private readonly options: EndpointWriterOptions,
    private readonly check: EndpointCheck<unknown>,
  ) {
    this.#table = endpointTables[options.side];
  }

  /**
   * Makes an endpoint.
   * @returns its id
   * @throws GLUE_ENDPOINT_CONFLICT, GLUE_COMPANY_MISMATCH, GLUE_ENDPOINT_INCOMPLETE
   */
  create(row: NewEndpointRow, actor: string): Promise<number> {
    return this.#inTransaction(async (trx) => {
      await this.#refuseClashes(trx, row.code, row);
      await this.check.refuseIncomplete({ row: this.fresh(row), secrets: [] });
      const detail = { name: row.name, company: row.company, state: row.state };
      return this.insert(trx, row, actor, detail);
    });
  }

  /**
   * Changes an endpoint that nobody else changes meanwhile.
   * @param decide - gives the change, or nothing when there is none
   * @returns its id
   * @throws GLUE_ENDPOINT_NOT_FOUND, GLUE_CHANGED_MEANWHILE, GLUE_ENDPOINT_CONFLICT, GLUE_COMPANY_MISMATCH,
   *   GLUE_ENDPOINT_INCOMPLETE when it is, or is to be, active
   */
  change(
    code: string,
    action: string,
    { actor, version }: Author,
    decide: (row: EndpointRow) => EndpointChange | undefined,
  ): Promise<number> {
    return this.#inTransaction(async (trx) => {
      const row = await lockEndpoint(trx, this.options.side, code);
      if (version !== undefined && version !== row.version)
        throw new GlueError(
          'GLUE_CHANGED_MEANWHILE',
          `${this.options.side} endpoint "${code}" has version ${row.version}, the change was made for ${version}`,
        );
      const change = decide(row);
      if (!change) return row.id;
      const after = { ...row, ...change.values };
      if (isIdentity(change.values)) await this.#refuseClashes(trx, code, after, row.id);
      const secrets = await secretRowsOf(trx, this.options.side, row.id);
      await this.check.refuseIncomplete({ row: after, secrets });
      await this.update(trx, row, change, { actor, action });
      return row.id;
    });
  }

  /** Inserts a row that keeps the rules, with its trace. @returns its id */
  async insert(
    trx: Transaction,
    row: NewEndpointRow,
    actor: string,
    detail: EndpointChange['detail'],
  ): Promise<number> {
    const { id: _, ...values } = this.fresh(row);
    const [id] = await trx<EndpointRow>(this.#table).insert(values);
    if (id === undefined) throw new Error('the database gave no id');
    await this.#trace(trx, row.code, { actor, action: 'endpoint.create' }, detail);
    return id;
  }

  /** Writes a change that keeps the rules, with its trace. */
  async update(
    trx: Transaction,
    { id, code, version }: EndpointRow,
    { values, detail }: EndpointChange,
    author: { readonly actor: string; readonly action: string },
  ): Promise<void> {
    await trx<EndpointRow>(this.#table)
      .where({ id })
      .update({ ...values, version: version + 1, updated_at: this.options.now() });
    await this.#trace(trx, code, author, detail);
  }

  /** A row as it will be stored; its id is not known yet. */
  fresh(row: NewEndpointRow): EndpointRow {
    const now = this.options.now();
    return { ...row, id: 0, version: 1, created_at: now, updated_at: now };
  }

  async #trace(
    trx: Transaction,
    code: string,
    author: { readonly actor: string; readonly action: string },
    detail: EndpointChange['detail'],
  ): Promise<void> {
    const { now, side } = this.options;
    await audit(trx, { at: now(), ...author, subject: `${side} endpoint ${code}`, detail });
    await announceChange(trx, side);
  }

  async #refuseClashes(
    trx: Transaction,
    knownAs: string,
    row: NewEndpointRow,
    ownId?: number,
  ): Promise<void> {
    const who = `${this.options.side} endpoint "${knownAs}"`;
    await refuseOtherCompany(trx, who, row);
    const clashes = await clashesOf(trx, this.options.side, who, row, ownId);
    if (clashes.length > 0) throw new GlueError('GLUE_ENDPOINT_CONFLICT', clashes.join('; '));
  }

  /** Runs it again when somebody else took the same code, path or link between the look and the write: then it names them. */
  async #inTransaction<T>(work: (trx: Transaction) => Promise<T>): Promise<T> {
    const { database } = this.options;
    try {
      return await inTransaction(database, work);
    } catch (error) {
      if (!isDuplicateKeyError(error)) throw error;
      return inTransaction(database, work);
    }
  }
}

/** Whether a change touches what other records have a say in. */
function isIdentity(values: Partial<EndpointRow>): boolean {
  return ['code', 'suffix', 'company', 'backend_type'].some((field) => field in values);
}

/** Holds the backend, so that its company stays until the transaction ends. */
async function refuseOtherCompany(trx: Transaction, who: string, row: NewEndpointRow): Promise<void> {
  const reference = linkOf(row);
  if (!reference) return;
  const backend = await holdBackend(trx, reference);
  if (backend.company === row.company) return;
  throw new GlueError(
    'GLUE_COMPANY_MISMATCH',
    `${who} belongs to company "${row.company}", backend ${formatBackendReference(reference)} to "${backend.company}"`,
  );
}
