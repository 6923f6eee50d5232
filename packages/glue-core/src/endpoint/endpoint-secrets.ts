import type { z } from 'zod';
import { audit } from '../audit/audit-log.js';
import { announceChange } from '../change/change-feed.js';
import type { SecretBox } from '../crypto/secret-box.js';
import type { Database, Transaction } from '../database/database.js';
import { inTransaction } from '../database/in-transaction.js';
import { GlueError } from '../errors/glue-error.js';
import { newId } from '../naming/new-id.js';
import type { SideName } from '../side/side-name.js';
import { problemsOf } from '../validation/problems.js';
import {
  generateSecret,
  isLiveSecret,
  newSecretSchema,
  rotationSchema,
  shownEndOf,
  type AddedSecret,
  type EndpointSecret,
  type EndpointSecretView,
  type NewRotation,
  type NewSecret,
  type SecretRotation,
  type SecretUse,
} from './endpoint-secret.js';
import type { EndpointCheck } from './endpoint-check.js';
import {
  endpointSecretTables,
  secretRowsOf,
  useOf,
  viewOf,
  windowOf,
  type EndpointSecretRow,
} from './endpoint-secret-table.js';
import { endpointTables, findEndpoint, lockEndpoint, type EndpointRow } from './endpoint-table.js';
import { openSecret, sealSecret } from './seal-secret.js';

export interface EndpointSecretsOptions {
  readonly database: Database;
  /** The time that all hosts share, by which secrets count, in Unix milliseconds. */
  readonly now: () => number;
  readonly side: SideName;
  readonly box: SecretBox;
}

/** The endpoints' own secrets, of one side: encrypted in the database, each bound to its endpoint. */
export class EndpointSecrets {
  readonly #table: string;

  constructor(
    private readonly options: EndpointSecretsOptions,
    private readonly check: EndpointCheck<unknown>,
  ) {
    this.#table = endpointSecretTables[options.side];
  }

  /**
   * Adds a secret beside those that are there. Nothing shows its value again.
   * @throws GLUE_ENDPOINT_NOT_FOUND, GLUE_ENDPOINT_INVALID
   */
  async add(code: string, secret: NewSecret, actor: string): Promise<AddedSecret> {
    const { value = generateSecret(), usedFor, ...window } = this.#parsed(newSecretSchema, secret, code);
    return this.#change(code, actor, 'endpoint.secret.add', async (trx, { id }, now) => {
      const row = this.#newRow(id, value, usedFor, now);
      const { notBefore, notAfter } = window;
      const added = { ...row, not_before: notBefore ?? null, not_after: notAfter ?? null };
      await this.#rows(trx).insert(added);
      return {
        result: { ...viewOf(added, now), value },
        detail: { secret: row.id, ...useOf(row), ...window },
      };
    });
  }

  /**
   * Adds a secret, and lets those of the same use that count now end after an overlap. One that counts only later stays
   * as it is.
   * @throws GLUE_ENDPOINT_NOT_FOUND, GLUE_ENDPOINT_INVALID
   */
  async rotate(code: string, rotation: NewRotation, actor: string): Promise<SecretRotation> {
    const { value = generateSecret(), usedFor, overlapMs } = this.#parsed(rotationSchema, rotation, code);
    return this.#change(code, actor, 'endpoint.secret.rotate', async (trx, { id }, now, present) => {
      const end = now + overlapMs - 1; // the last millisecond in which they count
      const ending = present
        .filter((row) => useOf(row).usedFor === usedFor && isLiveSecret(windowOf(row), now))
        .map((row) => ({ ...row, not_after: Math.min(row.not_after ?? end, end) }));
      for (const row of ending)
        await this.#rows(trx).where({ id: row.id }).update({ not_after: row.not_after });
      const added = this.#newRow(id, value, usedFor, now);
      await this.#rows(trx).insert(added);
      return {
        result: { added: { ...viewOf(added, now), value }, ending: ending.map((row) => viewOf(row, now)) },
        detail: { secret: added.id, ...useOf(added), ending: ending.map((row) => row.id), end },
      };
    });
  }

  /** @throws GLUE_ENDPOINT_NOT_FOUND, GLUE_ENDPOINT_SECRET_NOT_FOUND; GLUE_ENDPOINT_INCOMPLETE when an active endpoint needs it */
  async remove(code: string, secretId: string, actor: string): Promise<void> {
    await this.#change(code, actor, 'endpoint.secret.remove', async (trx, { id }) => {
      const removed = await this.#rows(trx).where({ id: secretId, endpoint_id: id }).delete();
      if (removed !== 1)
        throw new GlueError(
          'GLUE_ENDPOINT_SECRET_NOT_FOUND',
          `${this.options.side} endpoint "${code}" has no secret ${secretId}`,
        );
      return { result: undefined, detail: { secret: secretId } };
    });
  }

  /** The secrets of an endpoint without their values, the oldest first. @throws GLUE_ENDPOINT_NOT_FOUND */
  async list(code: string): Promise<EndpointSecretView[]> {
    const { database, now, side } = this.options;
    const { id } = await findEndpoint(database, side, code);
    const rows = await secretRowsOf(database, side, id);
    return rows.map((row) => viewOf(row, now()));
  }

  /**
   * Every secret in clear, by the id of its endpoint, the oldest first; also those that do not count now.
   * @param report - told of each that does not open and is left out, by an error that names endpoint and secret
   */
  async openAll(
    report: (endpointId: number, error: GlueError) => void = () => {},
  ): Promise<ReadonlyMap<number, readonly EndpointSecret[]>> {
    const { database, side, box } = this.options;
    const [secrets, endpoints] = [this.#table, endpointTables[side]];
    const rows = await database(secrets)
      .join(endpoints, `${endpoints}.id`, `${secrets}.endpoint_id`)
      .select<(EndpointSecretRow & Pick<EndpointRow, 'code'>)[]>(`${secrets}.*`, `${endpoints}.code`)
      .orderBy([`${secrets}.created_at`, `${secrets}.id`]);
    const opened = new Map<number, EndpointSecret[]>();
    for (const row of rows) {
      const secret = openSecret(row, row.code, side, box);
      if (secret instanceof GlueError) report(row.endpoint_id, secret);
      else opened.set(row.endpoint_id, [...(opened.get(row.endpoint_id) ?? []), secret]);
    }
    return opened;
  }

  #newRow(endpointId: number, value: string, usedFor: SecretUse | undefined, now: number): EndpointSecretRow {
    const { side, box } = this.options;
    const place = { id: newId(now), endpoint_id: endpointId, used_for: usedFor ?? null };
    return {
      ...place,
      sealed: sealSecret(value, place, side, box),
      last_four: shownEndOf(value),
      not_before: null,
      not_after: null,
      created_at: now,
    };
  }

  /** Changes the secrets of one endpoint, with their trace; nobody else changes them, or it, meanwhile. */
  #change<T>(
    code: string,
    actor: string,
    action: string,
    write: (
      trx: Transaction,
      endpoint: EndpointRow,
      now: number,
      present: readonly EndpointSecretRow[],
    ) => Promise<{ result: T; detail: Readonly<Record<string, unknown>> }>,
  ): Promise<T> {
    const { database, side } = this.options;
    const now = this.options.now();
    return inTransaction(database, async (trx) => {
      const endpoint = await lockEndpoint(trx, side, code);
      const before = await secretRowsOf(trx, side, endpoint.id);
      const { result, detail } = await write(trx, endpoint, now, before);
      await this.#refuseToBreak(trx, endpoint, before);
      await audit(trx, { at: now, actor, action, subject: `${side} endpoint ${code}`, detail });
      await announceChange(trx, side);
      return result;
    });
  }

  /** Taking the last secret away that an active endpoint needs would shut its providers out. */
  async #refuseToBreak(
    trx: Transaction,
    row: EndpointRow,
    before: readonly EndpointSecretRow[],
  ): Promise<void> {
    const secrets = await secretRowsOf(trx, this.options.side, row.id);
    const problems = await this.check.brokenBy({ row, secrets: before }, { row, secrets });
    if (problems.length > 0)
      throw this.check.incomplete(
        row.code,
        'is active and would break: add or rotate a secret first, or make the endpoint a draft',
        problems,
      );
  }

  #parsed<Output extends { readonly usedFor?: SecretUse | undefined }>(
    schema: z.ZodType<Output>,
    input: unknown,
    code: string,
  ): Output {
    const { side } = this.options;
    const parsed = schema.safeParse(input);
    const isForNothing = side === 'inbound' && parsed.data?.usedFor !== undefined;
    if (parsed.success && !isForNothing) return parsed.data;
    throw new GlueError('GLUE_ENDPOINT_INVALID', `the secret for ${side} endpoint "${code}" is not valid`, {
      problems: parsed.success
        ? ['usedFor: secrets of inbound endpoints are for nothing but verification: leave it out']
        : problemsOf(parsed.error),
    });
  }

  #rows(database: Database | Transaction) {
    return database<EndpointSecretRow>(this.#table);
  }
}
