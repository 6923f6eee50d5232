import { audit } from '../audit/audit-log.js';
import { announceChange } from '../change/change-feed.js';
import type { Clock } from '../clock/clock.js';
import type { SecretBox } from '../crypto/secret-box.js';
import type { Database, Transaction } from '../database/database.js';
import { isDuplicateKeyError } from '../database/database-errors.js';
import { inTransaction } from '../database/in-transaction.js';
import type { InjectionToken } from '../di.js';
import { GlueError } from '../errors/glue-error.js';
import { linkedEndpoints } from '../endpoint/linked-endpoints.js';
import { formatBackendReference, type BackendReference } from '../naming/backend-reference.js';
import { checkFields, codeOf } from './backend-checks.js';
import { DEFAULT_COMPANY, type BackendRecord, type BackendView, type NewBackend } from './backend-record.js';
import { openSettings, parseSettings, sealSettings, viewSettings } from './backend-settings.js';
import { backendNotFound, BACKENDS, type BackendRow } from './backend-table.js';
import type { BackendTypes } from './backend-types.js';

export const BACKEND_STORE: InjectionToken<BackendStore> = Symbol('glue:backend-store');

/** Fields to change; settings are merged key by key, so a secret that is not given stays as it is. */
export type BackendChanges = Partial<Omit<NewBackend, 'type'>>;

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
    checkFields({ code, name, company }, `backend "${code}"`);
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

    return this.#guardCode(row, async (trx) => {
      const [id] = await trx(BACKENDS).insert({ ...row, created_at: now, updated_at: now });
      if (id === undefined) throw new Error('the database gave no id');
      await trx(BACKENDS)
        .where({ id })
        .update({ settings: sealSettings(settings, this.types.secretsOf(input.type), this.box, id) });
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

  /**
   * @param expectedVersion - the version that the changes were made for. @defaultValue the present one
   * @throws GLUE_BACKEND_NOT_FOUND and everything that create throws; GLUE_CHANGED_MEANWHILE when the record has
   *   another version than expected, GLUE_DATABASE_CONFLICT when somebody else changes it at this very moment
   */
  async update(
    reference: BackendReference,
    changes: BackendChanges,
    actor: string,
    expectedVersion?: number,
  ): Promise<BackendView> {
    const before = await this.#row(reference);
    const subject = `backend ${formatBackendReference(reference)}`;
    if (expectedVersion !== undefined && expectedVersion !== before.version)
      throw new GlueError(
        'GLUE_CHANGED_MEANWHILE',
        `${subject} has version ${before.version}, the changes were made for ${expectedVersion}`,
      );
    const row = this.#planned(before, changes);
    return this.#guardCode({ type: before.type, ...row }, async (trx) => {
      const changed = await trx(BACKENDS).where({ id: before.id, version: before.version }).update(row);
      if (changed !== 1)
        throw new GlueError('GLUE_DATABASE_CONFLICT', `${subject} was changed by somebody else meanwhile`);
      if (row.company !== before.company) await refuseToLeave(trx, reference, row.company);
      await audit(trx, {
        at: row.updated_at,
        actor,
        action: 'backend.update',
        subject,
        detail: { fields: Object.keys(changes) },
      });
      return before.id;
    });
  }

  /** Refuses what {@link update} would refuse, and writes nothing. @throws as it does */
  async checkUpdate(reference: BackendReference, changes: BackendChanges): Promise<void> {
    this.#planned(await this.#row(reference), changes);
  }

  async list(): Promise<BackendView[]> {
    const rows = await this.database<BackendRow>(BACKENDS).orderBy('id');
    return rows.map((row) => this.#view(row));
  }

  /** @throws GLUE_BACKEND_NOT_FOUND */
  async get(reference: BackendReference): Promise<BackendView> {
    return this.#view(await this.#row(reference));
  }

  async findByCode(type: string, code: string, company = DEFAULT_COMPANY): Promise<BackendView | undefined> {
    const row = await this.database<BackendRow>(BACKENDS).where({ type, code, company }).first();
    return row && this.#view(row);
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

  /** The row as the changes make it. */
  #planned(before: BackendRow, changes: BackendChanges) {
    const who = `backend ${formatBackendReference(before)}`;
    const row = {
      code: changes.code === undefined ? before.code : codeOf(changes.code, ''),
      name: changes.name?.trim() ?? before.name,
      company: changes.company ?? before.company,
      active: changes.active ?? Boolean(before.active),
      settings: isOnlyDisabling(changes) ? before.settings : this.#changedSettings(before, changes, who),
      version: before.version + 1,
      updated_at: this.clock.now(),
    };
    checkFields(row, who);
    return row;
  }

  /** What is stored, merged with the changes. Secrets that are given anew need not open: so a lost key can be mended. */
  #changedSettings(before: BackendRow, { settings = {} }: BackendChanges, who: string): string {
    const backendClass = this.types.get(before.type);
    const present = openSettings(before.settings, this.box, before.id, Object.keys(settings));
    const wanted = parseSettings(backendClass, { ...present, ...settings }, who);
    return sealSettings(wanted, this.types.secretsOf(before.type), this.box, before.id);
  }

  #view(row: BackendRow): BackendView {
    return { ...recordOf(row), settings: viewSettings(row.settings, this.types.secretsOf(row.type)) };
  }

  #opened(row: BackendRow): OpenBackend {
    return { record: recordOf(row), settings: openSettings(row.settings, this.box, row.id) };
  }

  async #row({ type, id }: BackendReference): Promise<BackendRow> {
    const row = await this.database<BackendRow>(BACKENDS).where({ type, id }).first();
    if (row) return row;
    throw backendNotFound({ type, id });
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

function recordOf({ id, type, code, name, company, active, version }: BackendRow): BackendRecord {
  return { id, type, code, name, company, active: Boolean(active), version };
}

/** Settings are validated on every save, but a backend that does not work any more can still be disabled. */
function isOnlyDisabling({ active, settings }: BackendChanges): boolean {
  return active === false && settings === undefined;
}

/** Backend and endpoint belong to one company. @throws GLUE_COMPANY_MISMATCH naming the endpoints of another one */
async function refuseToLeave(trx: Transaction, reference: BackendReference, company: string): Promise<void> {
  const linked = await linkedEndpoints(trx, reference);
  const others = linked.filter((endpoint) => endpoint.company !== company);
  if (others.length === 0) return;
  const names = others.map((endpoint) => `${endpoint.side} endpoint "${endpoint.code}"`).join(', ');
  throw new GlueError(
    'GLUE_COMPANY_MISMATCH',
    `backend ${formatBackendReference(reference)} cannot move to company "${company}": ${names} of company "${others[0]?.company}" must be unlinked first`,
  );
}
