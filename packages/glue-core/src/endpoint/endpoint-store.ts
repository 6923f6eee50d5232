import type { z } from 'zod';
import type { BackendRegistry } from '../backend/backend-registry.js';
import type { Database } from '../database/database.js';
import { GlueError } from '../errors/glue-error.js';
import { formatBackendReference, type BackendReference } from '../naming/backend-reference.js';
import type { SideName } from '../side/side-name.js';
import { problemsOf } from '../validation/problems.js';
import { editEndpoint } from './edit-endpoint.js';
import { EndpointCheck, type EndpointCheckOptions } from './endpoint-check.js';
import {
  endpointChangesSchema,
  newEndpointSchema,
  type EndpointChanges,
  type NewEndpoint,
} from './endpoint-fields.js';
import { mayBecome } from './endpoint-moves.js';
import { codeProblems, namesAfterLink } from './endpoint-naming.js';
import { ownerOf, type BackendOwner } from './endpoint-owner.js';
import type { EndpointRecord, EndpointState, EndpointView } from './endpoint-record.js';
import { EndpointSecrets } from './endpoint-secrets.js';
import {
  configOf,
  endpointOf,
  endpointTables,
  findEndpoint,
  linkOf,
  type EndpointRow,
} from './endpoint-table.js';
import { EndpointViews } from './endpoint-views.js';
import { EndpointWriter, type Author, type EndpointChange } from './endpoint-writer.js';
import { planNewEndpoint } from './plan-new-endpoint.js';
import { SeededEndpoints } from './seeded-endpoints.js';

/** As long as its column. */
const MAX_REASON_LENGTH = 255;

export interface EndpointStoreOptions<Config> extends EndpointCheckOptions<Config> {
  readonly database: Database;
  readonly registry: Pick<BackendRegistry, 'refresh' | 'get' | 'find'>;
}

/** What a change of an endpoint was made for. */
export interface Expected {
  /** Another version refuses the change. @defaultValue whichever it has */
  readonly version?: number | undefined;
}

/** The endpoints of one side in the database. Every change leaves a trace and is told to all hosts. */
export class EndpointStore<Config = unknown> {
  readonly side: SideName;
  /** Those that belong to the endpoints themselves, beside what their backends have. */
  readonly secrets: EndpointSecrets;
  /** For provisioning. */
  readonly seeded: SeededEndpoints;
  readonly #check: EndpointCheck<Config>;
  readonly #views: EndpointViews<Config>;
  readonly #writer: EndpointWriter;

  constructor(private readonly options: EndpointStoreOptions<Config>) {
    this.side = options.side;
    this.#check = new EndpointCheck(options);
    this.#views = new EndpointViews(options, this.#check);
    this.#writer = new EndpointWriter(options, this.#check);
    this.secrets = new EndpointSecrets(options, this.#check);
    this.seeded = new SeededEndpoints(options.side, this.#check, this.#writer);
  }

  list(): Promise<EndpointView<Config>[]> {
    return this.#views.where({});
  }

  listForBackend({ type, id }: BackendReference): Promise<EndpointView<Config>[]> {
    return this.#views.where({ backend_type: type, backend_id: id });
  }

  /** @throws GLUE_ENDPOINT_NOT_FOUND */
  async getByCode(code: string): Promise<EndpointView<Config>> {
    return this.#viewOf((await findEndpoint(this.options.database, this.side, code)).id);
  }

  /** Every endpoint, ready to be used; one whose configuration is not valid is reported and left out. */
  async openAll(
    report: (row: Pick<EndpointRow, 'id' | 'code' | 'path' | 'state'>, error: unknown) => void,
  ): Promise<EndpointRecord<Config>[]> {
    const rows = await this.options.database<EndpointRow>(endpointTables[this.side]).orderBy('id');
    return rows.flatMap((row) => {
      try {
        return [{ ...endpointOf(row), config: this.#check.parseConfig(row.code, configOf(row)) }];
      } catch (error) {
        report(row, error);
        return [];
      }
    });
  }

  /**
   * Makes an endpoint: a draft, unless it is to be active and complete.
   * @throws GLUE_ENDPOINT_INVALID with every problem, GLUE_ENDPOINT_CODE_DERIVED, GLUE_ENDPOINT_CONFLICT,
   *   GLUE_COMPANY_MISMATCH, GLUE_ENDPOINT_INCOMPLETE, GLUE_BACKEND_NOT_FOUND, GLUE_BACKEND_UNUSABLE
   */
  async create(endpoint: NewEndpoint, actor: string): Promise<EndpointView<Config>> {
    const who = `the new ${this.side} endpoint`;
    const fields = parsed(newEndpointSchema, endpoint, who);
    await this.options.registry.refresh();
    const owner = fields.backend && ownerOf(this.options.registry.get(fields.backend));
    const { row, problems } = planNewEndpoint(fields, this.side, owner);
    refuse(who, [...problems, ...this.#check.configProblems(fields.config)]);
    return this.#viewOf(await this.#writer.create(row, actor));
  }

  /**
   * Changes fields of an endpoint, and keys of its configuration. The code of a linked one follows its suffix.
   * @throws GLUE_ENDPOINT_NOT_FOUND, GLUE_CHANGED_MEANWHILE, GLUE_ENDPOINT_INVALID, GLUE_ENDPOINT_CODE_DERIVED,
   *   GLUE_ENDPOINT_CONFLICT, GLUE_COMPANY_MISMATCH; GLUE_ENDPOINT_INCOMPLETE when it is active and would not be
   *   complete; GLUE_BACKEND_UNUSABLE when its suffix changes and its backend cannot tell the code
   */
  edit(
    code: string,
    changes: EndpointChanges,
    actor: string,
    expected: Expected = {},
  ): Promise<EndpointView<Config>> {
    const who = `the change of ${this.side} endpoint "${code}"`;
    const ownerOfLink = (backend: BackendReference) => ownerOf(this.options.registry.get(backend));
    return this.#change(code, 'endpoint.edit', { actor, ...expected }, (row) => {
      const { values, fields } = editEndpoint(row, parsed(endpointChangesSchema, changes, who), ownerOfLink);
      refuse(who, [
        ...(values.code === undefined ? [] : codeProblems(values.code)),
        ...(values.config === undefined ? [] : this.#check.configProblems(JSON.parse(values.config))),
      ]);
      return fields.length > 0 ? { values, detail: { fields } } : undefined;
    });
  }

  /**
   * Links an endpoint to a backend, also one that is linked to another: its code is derived anew.
   * @throws GLUE_ENDPOINT_NOT_FOUND, GLUE_CHANGED_MEANWHILE, GLUE_BACKEND_NOT_FOUND, GLUE_BACKEND_UNUSABLE (its class
   *   names its endpoints, so it must work), GLUE_ENDPOINT_CONFLICT, GLUE_COMPANY_MISMATCH, GLUE_ENDPOINT_INCOMPLETE
   */
  link(
    code: string,
    backend: BackendReference,
    actor: string,
    expected: Expected = {},
  ): Promise<EndpointView<Config>> {
    return this.#change(code, 'endpoint.link', { actor, ...expected }, (row) => {
      const owner = ownerOf(this.options.registry.get(backend));
      const names = namesAfterLink(row, this.#readyOwnerOf(row), owner);
      refuse(
        `${this.side} endpoint "${code}" linked to ${formatBackendReference(backend)}`,
        codeProblems(names.code),
      );
      return {
        values: { ...names, backend_type: backend.type, backend_id: backend.id },
        detail: { backend: formatBackendReference(backend), code: names.code },
      };
    });
  }

  /** Makes an endpoint stand alone; it keeps its code. @throws as link does */
  unlink(code: string, actor: string, expected: Expected = {}): Promise<EndpointView<Config>> {
    return this.#change(code, 'endpoint.unlink', { actor, ...expected }, (row) => {
      const before = linkOf(row);
      return (
        before && {
          values: { backend_type: null, backend_id: null },
          detail: { backend: formatBackendReference(before) },
        }
      );
    });
  }

  /**
   * Moves an endpoint to another state.
   * @param options.reason - why, where Glue itself does it
   * @throws GLUE_ENDPOINT_NOT_FOUND, GLUE_CHANGED_MEANWHILE, GLUE_ENDPOINT_STATE; GLUE_ENDPOINT_INCOMPLETE with every
   *   problem of one that cannot be active
   */
  setState(
    code: string,
    state: EndpointState,
    actor: string,
    { reason, ...expected }: Expected & { readonly reason?: string } = {},
  ): Promise<EndpointView<Config>> {
    return this.#change(code, 'endpoint.state', { actor, ...expected }, (row) => {
      if (!mayBecome(this.side, row.state, state)) {
        throw new GlueError(
          'GLUE_ENDPOINT_STATE',
          `${this.side} endpoint "${code}" is ${row.state}; it cannot become ${state}`,
        );
      }
      return {
        values: { state, reason: reason?.slice(0, MAX_REASON_LENGTH) ?? null },
        detail: { from: row.state, to: state },
      };
    });
  }

  async #change(
    code: string,
    action: string,
    author: Author,
    decide: (row: EndpointRow) => EndpointChange | undefined,
  ): Promise<EndpointView<Config>> {
    await this.options.registry.refresh(); // what is checked is the backend as it is now
    return this.#viewOf(await this.#writer.change(code, action, author, decide));
  }

  async #viewOf(id: number): Promise<EndpointView<Config>> {
    const [view] = await this.#views.where({ id });
    if (view) return view;
    throw new GlueError('GLUE_ENDPOINT_NOT_FOUND', `there is no ${this.side} endpoint with the id ${id}`);
  }

  /** The backend that an endpoint is linked to, where it works. */
  #readyOwnerOf(row: EndpointRow): BackendOwner | undefined {
    const link = linkOf(row);
    const lookup = link && this.options.registry.find(link);
    return lookup?.state === 'ready' ? ownerOf(lookup.instance) : undefined;
  }
}

/** @throws GLUE_ENDPOINT_INVALID with every problem */
function parsed<Output>(schema: z.ZodType<Output>, input: unknown, who: string): Output {
  const { success, data, error } = schema.safeParse(input);
  if (success) return data;
  throw new GlueError('GLUE_ENDPOINT_INVALID', `${who} is not valid`, { problems: problemsOf(error) });
}

/** @throws GLUE_ENDPOINT_INVALID when there is any problem */
function refuse(who: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new GlueError('GLUE_ENDPOINT_INVALID', `${who} is not valid`, { problems });
}
