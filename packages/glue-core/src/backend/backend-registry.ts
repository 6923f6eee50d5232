import type { InjectionToken } from '../di.js';
import { GlueError, messageOf } from '../errors/glue-error.js';
import type { Logger } from '../log/logger.js';
import { formatBackendReference, type BackendReference } from '../naming/backend-reference.js';
import type { BackendClass } from './backend-class.js';
import type { BackendRecord } from './backend-record.js';
import type { BackendStore } from './backend-store.js';
import type { BackendTypes } from './backend-types.js';
import { parseSettings } from './backend-settings.js';
import { attachBackend, type ConnectorBackend } from './connector-backend.js';
import { secretTextsOf } from './secret-setting.js';

export const BACKEND_REGISTRY: InjectionToken<BackendRegistry> = Symbol('glue:backend-registry');

/** A backend as it is now: its instance, or why it cannot work. */
export type BackendLookup =
  | { readonly state: 'ready'; readonly instance: ConnectorBackend }
  | { readonly state: 'inactive' | 'broken'; readonly reason: string };

/**
 * Backend instances, one per record, built by the container and kept until the row changes. Held in memory as a
 * whole, so that a lookup on the way of an event asks no database.
 */
export class BackendRegistry {
  #lookups = new Map<string, BackendLookup & { version: number }>();
  readonly #secrets = new WeakMap<ConnectorBackend, readonly string[]>();
  readonly #ports = new Map<symbol, (backend: BackendReference) => unknown>();
  #refreshing: Promise<void> = Promise.resolve();

  /** @param build - the container's way to build a class */
  constructor(
    private readonly types: BackendTypes,
    private readonly store: BackendStore,
    private readonly build: (backendClass: BackendClass) => ConnectorBackend,
    private readonly logger: Logger,
  ) {}

  /** Offers something of a side to every backend instance, under a token, each its own. Before the first refresh. */
  offer(token: symbol, portOf: (backend: BackendReference) => unknown): void {
    this.#ports.set(token, portOf);
  }

  /** Reads all records; instances of unchanged rows are kept. One reading at a time, so that the latest one counts. */
  refresh(): Promise<void> {
    const refresh = this.#refreshing.then(() => this.#read());
    this.#refreshing = refresh.catch(() => {});
    return refresh;
  }

  async #read(): Promise<void> {
    const next = new Map<string, BackendLookup & { version: number }>();
    const opened = await this.store.openAll((reference, error) => {
      const reason = messageOf(error);
      this.logger.error({ backend: formatBackendReference(reference), reason }, 'a backend cannot be used');
      next.set(formatBackendReference(reference), { state: 'broken', reason, version: 0 });
    });
    for (const { record, settings } of opened) {
      const key = formatBackendReference(record);
      const known = this.#lookups.get(key);
      next.set(
        key,
        known?.version === record.version
          ? known
          : { ...this.#lookup(record, settings), version: record.version },
      );
    }
    this.#lookups = next;
  }

  /** The backend of a reference, from memory. A missing record or type is `broken`, not an error. */
  find(reference: BackendReference): BackendLookup {
    const key = formatBackendReference(reference);
    return this.#lookups.get(key) ?? { state: 'broken', reason: `there is no backend ${key}` };
  }

  /** @throws GLUE_BACKEND_NOT_FOUND, GLUE_BACKEND_UNUSABLE when it is disabled or broken, with the reason */
  get(reference: BackendReference): ConnectorBackend {
    const lookup = this.find(reference);
    if (lookup.state === 'ready') return lookup.instance;
    const key = formatBackendReference(reference);
    throw this.#lookups.has(key)
      ? new GlueError('GLUE_BACKEND_UNUSABLE', `backend ${key} cannot be used: ${lookup.reason}`)
      : new GlueError('GLUE_BACKEND_NOT_FOUND', `there is no backend ${key}`);
  }

  /** The secrets of a backend in clear, so that logs can be kept free of them; none while it cannot work. */
  secretsOf(reference: BackendReference): readonly string[] {
    const lookup = this.find(reference);
    return lookup.state === 'ready' ? (this.#secrets.get(lookup.instance) ?? []) : [];
  }

  /** A backend gets nothing that would let it act as another one. */
  #portsOf(backend: BackendReference): ReadonlyMap<symbol, unknown> {
    return new Map([...this.#ports].map(([token, portOf]) => [token, portOf(backend)]));
  }

  #lookup(record: BackendRecord, stored: Readonly<Record<string, unknown>>): BackendLookup {
    if (!this.types.has(record.type))
      return { state: 'broken', reason: `no enabled connector registers the type "${record.type}"` };
    if (!record.active) return { state: 'inactive', reason: 'the backend is disabled' };
    const reference = formatBackendReference(record);
    try {
      const backendClass = this.types.get(record.type);
      // Again, since the connector may be newer than the record: a setting can have come, with a default or without.
      const settings = parseSettings(backendClass, stored, `backend ${reference}`);
      const instance = this.build(backendClass);
      attachBackend<unknown>(instance, {
        record,
        settings,
        logger: this.logger.child({ backend: reference }),
        ports: this.#portsOf({ type: record.type, id: record.id }),
      });
      const secrets = this.types.secretsOf(record.type).flatMap((name) => secretTextsOf(settings[name]));
      this.#secrets.set(instance, secrets);
      return { state: 'ready', instance };
    } catch (error) {
      const reason = reasonOf(error);
      this.logger.error({ backend: reference, reason }, 'a backend could not be built');
      return { state: 'broken', reason };
    }
  }
}

function reasonOf(error: unknown): string {
  const problems = error instanceof GlueError ? error.problems : [];
  return problems.length === 0 ? messageOf(error) : `${messageOf(error)}: ${problems.join('; ')}`;
}
