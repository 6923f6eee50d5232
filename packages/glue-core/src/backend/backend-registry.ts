import type { InjectionToken } from '../di.js';
import { messageOf } from '../errors/glue-error.js';
import type { Logger } from '../log/logger.js';
import { formatBackendReference, type BackendReference } from '../naming/backend-reference.js';
import type { BackendClass } from './backend-class.js';
import type { BackendRecord } from './backend-record.js';
import type { BackendStore } from './backend-store.js';
import type { BackendTypes } from './backend-types.js';
import { ConnectorBackend } from './connector-backend.js';

export const BACKEND_REGISTRY: InjectionToken<BackendRegistry> = Symbol('glue:backend-registry');

/** Why a backend cannot work now; `undefined` instance. */
export type BackendLookup =
  | { readonly state: 'ready'; readonly instance: ConnectorBackend }
  | { readonly state: 'inactive' | 'broken'; readonly reason: string };

/**
 * Backend instances, one per record, built by the container and kept until the row changes. Held in memory as a
 * whole, so that a lookup on the way of an event asks no database.
 */
export class BackendRegistry {
  #lookups = new Map<string, BackendLookup & { version: number }>();
  readonly #ports = new Map<symbol, unknown>();

  /** @param build - the container's way to build a class */
  constructor(
    private readonly types: BackendTypes,
    private readonly store: BackendStore,
    private readonly build: (backendClass: BackendClass) => ConnectorBackend,
    private readonly logger: Logger,
  ) {}

  /** Offers something of a side to every backend instance, under a token. Before the first refresh. */
  offer(token: symbol, port: unknown): void {
    this.#ports.set(token, port);
  }

  /** Reads all records; instances of unchanged rows are kept. */
  async refresh(): Promise<void> {
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

  #lookup(record: BackendRecord, settings: Readonly<Record<string, unknown>>): BackendLookup {
    if (!this.types.has(record.type))
      return { state: 'broken', reason: `no enabled connector registers the type "${record.type}"` };
    if (!record.active) return { state: 'inactive', reason: 'the backend is disabled' };
    const reference = formatBackendReference(record);
    try {
      const instance = this.build(this.types.get(record.type));
      ConnectorBackend.attach<unknown>(instance, {
        record,
        settings,
        logger: this.logger.child({ backend: reference }),
        ports: this.#ports,
      });
      return { state: 'ready', instance };
    } catch (error) {
      this.logger.error({ backend: reference, reason: messageOf(error) }, 'a backend could not be built');
      return { state: 'broken', reason: messageOf(error) };
    }
  }
}
