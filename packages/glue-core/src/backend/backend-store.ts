import { audit } from '../audit/audit-log.js';
import { announceChange } from '../change/change-feed.js';
import type { Clock } from '../clock/clock.js';
import type { SecretBox } from '../crypto/secret-box.js';
import type { Database, Transaction } from '../database/database.js';
import { isDuplicateKeyError } from '../database/database-errors.js';
import { inTransaction } from '../database/in-transaction.js';
import type { InjectionToken } from '../di.js';
import { GlueError } from '../errors/glue-error.js';
import { formatBackendReference, type BackendReference } from '../naming/backend-reference.js';
import { isSlug, slug } from '../naming/slug.js';
import { DEFAULT_COMPANY, type BackendRecord, type BackendView } from './backend-record.js';
import { openSettings, parseSettings, sealSettings, viewSettings } from './backend-settings.js';
import { BACKENDS, type BackendRow } from './backend-table.js';
import type { BackendTypes } from './backend-types.js';

export const BACKEND_STORE: InjectionToken<BackendStore> = Symbol('glue:backend-store');

export interface NewBackend {
  readonly type: string;
  readonly name: string;
  /** Slugged. @defaultValue the slug of the name, or `backend` */
  readonly code?: string;
  /** @defaultValue `default` */
  readonly company?: string;
  /** @defaultValue true */
  readonly active?: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Fields to change; settings are merged key by key, so a secret that is not given stays as it is. */
export type BackendChanges = Partial<Omit<NewBackend, 'type' | 'company'>>;

/** A backend record with its settings in clear. Stays in this process. */
export interface OpenBackend {
  readonly record: BackendRecord;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Backend records in the database. */
export class BackendStore {
  constructor(
    private readonly database: Database,
    private readonly types: BackendTypes,
    private readonly box: SecretBox,
    private readonly clock: Clock,
  ) {}

  /** @throws GLUE_BACKEND_TYPE_UNKNOWN, GLUE_BACKEND_INVALID, GLUE_BACKEND_CODE_INVALID, GLUE_BACKEND_CODE_TAKEN */
  async create(input: NewBackend, actor: string): Promise<BackendView> {
    const backendClass = this.types.get(input.type);
    const name = input.name.trim();
    const code = codeOf(input.code, name);
    const company = input.company ?? DEFAULT_COMPANY;
    const settings = parseSettings(backendClass, input.settings, `backend "${code}"`);
    const now = this.clock.now();
    const row = {
      type: input.type,
      code,
      name,
      company,
      active: input.active ?? true,
      settings: '{}',
      version: 1,
    };

    return this.#guardCode({ ...row }, async (trx) => {
      const [id] = await trx(BACKENDS).insert({ ...row, created_at: now, updated_at: now });
      if (id === undefined) throw new Error('the database gave no id');
      await trx(BACKENDS)
        .where({ id })
        .update({ settings: sealSettings(backendClass, settings, this.box, id) });
      await audit(trx, {
        at: now,
        actor,
        action: 'backend.create',
        subject: `backend ${input.type},${id}`,
        detail: { code, name, company },
      });
      return id;
    });
  }

  /** @throws GLUE_BACKEND_NOT_FOUND and everything that create throws */
  async update(reference: BackendReference, changes: BackendChanges, actor: string): Promise<BackendView> {
    const { record, settings: present } = await this.open(reference);
    const backendClass = this.types.get(record.type);
    const code = changes.code === undefined ? record.code : codeOf(changes.code, '');
    const settings = parseSettings(
      backendClass,
      { ...present, ...changes.settings },
      `backend ${formatBackendReference(reference)}`,
    );
    const row = {
      code,
      name: changes.name?.trim() ?? record.name,
      active: changes.active ?? record.active,
      settings: sealSettings(backendClass, settings, this.box, record.id),
      version: record.version + 1,
      updated_at: this.clock.now(),
    };
    return this.#guardCode({ ...record, code }, async (trx) => {
      const changed = await trx(BACKENDS).where({ id: record.id, version: record.version }).update(row);
      if (changed !== 1)
        throw new GlueError(
          'GLUE_DATABASE_CONFLICT',
          `backend ${formatBackendReference(reference)} was changed meanwhile`,
        );
      const subject = `backend ${formatBackendReference(reference)}`;
      await audit(trx, {
        at: row.updated_at,
        actor,
        action: 'backend.update',
        subject,
        detail: { fields: Object.keys(changes) },
      });
      return record.id;
    });
  }

  async list(): Promise<BackendView[]> {
    const rows = await this.database<BackendRow>(BACKENDS).orderBy('id');
    return rows.map(viewOf);
  }

  /** @throws GLUE_BACKEND_NOT_FOUND */
  async get(reference: BackendReference): Promise<BackendView> {
    return viewOf(await this.#row(reference));
  }

  async findByCode(type: string, code: string, company = DEFAULT_COMPANY): Promise<BackendView | undefined> {
    const row = await this.database<BackendRow>(BACKENDS).where({ type, code, company }).first();
    return row && viewOf(row);
  }

  /** With secrets in clear. @throws GLUE_BACKEND_NOT_FOUND, GLUE_SECRET_KEY_MISSING */
  async open(reference: BackendReference): Promise<OpenBackend> {
    return this.#opened(await this.#row(reference));
  }

  /** Every backend with secrets in clear; one whose secrets do not open is reported and left out. */
  async openAll(report: (reference: BackendReference, error: unknown) => void): Promise<OpenBackend[]> {
    const rows = await this.database<BackendRow>(BACKENDS).orderBy('id');
    return rows.flatMap((row) => {
      try {
        return [this.#opened(row)];
      } catch (error) {
        report({ type: row.type, id: row.id }, error);
        return [];
      }
    });
  }

  #opened(row: BackendRow): OpenBackend {
    return { record: recordOf(row), settings: openSettings(row.settings, this.box, row.id) };
  }

  async #row({ type, id }: BackendReference): Promise<BackendRow> {
    const row = await this.database<BackendRow>(BACKENDS).where({ type, id }).first();
    if (!row) throw new GlueError('GLUE_BACKEND_NOT_FOUND', `there is no backend ${type},${id}`);
    return row;
  }

  async #guardCode(
    { type, code, company }: { type: string; code: string; company: string },
    write: (trx: Transaction) => Promise<number>,
  ): Promise<BackendView> {
    try {
      const id = await inTransaction(this.database, async (trx) => {
        const written = await write(trx);
        await announceChange(trx, 'backends');
        return written;
      });
      return await this.get({ type, id });
    } catch (error) {
      if (!isDuplicateKeyError(error)) throw error;
      throw new GlueError(
        'GLUE_BACKEND_CODE_TAKEN',
        `another ${type} backend of company "${company}" has the code "${code}"`,
        { cause: error },
      );
    }
  }
}

function codeOf(given: string | undefined, name: string): string {
  if (given === undefined) return slug(name) || 'backend';
  const code = slug(given);
  if (!isSlug(code))
    throw new GlueError('GLUE_BACKEND_CODE_INVALID', `"${given}" gives no code: use letters and digits`);
  return code;
}

function recordOf({ id, type, code, name, company, active, version }: BackendRow): BackendRecord {
  return { id, type, code, name, company, active: Boolean(active), version };
}

function viewOf(row: BackendRow): BackendView {
  return { ...recordOf(row), settings: viewSettings(row.settings) };
}
