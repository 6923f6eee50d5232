import type { Logger } from '../log/logger.js';
import type { BackendReference } from '../naming/backend-reference.js';
import { slug } from '../naming/slug.js';
import type { BackendRecord } from './backend-record.js';

/** What the registry attaches to a new instance. */
export interface BackendAttachment<Settings> {
  readonly record: BackendRecord;
  readonly settings: Settings;
  readonly logger: Logger;
  /** What installed sides offer to this backend, by token. */
  readonly ports: ReadonlyMap<symbol, unknown>;
}

/**
 * Gives a new instance its record, once. The registry does, and tests of a connector. It is no member of the class:
 * whoever replaced it there would see the settings of all backends.
 */
export let attachBackend: <Settings>(
  instance: ConnectorBackend<Settings>,
  attachment: BackendAttachment<Settings>,
) => void;

/**
 * Base of every backend class. An instance is one backend record: `this.id`, `this.code`, `this.settings`.
 * The container builds it, the registry attaches the record. What belongs to one call is an argument, never a field.
 * @since contract 1
 */
export abstract class ConnectorBackend<Settings = unknown> {
  #attachment: BackendAttachment<Settings> | undefined;

  get id(): number {
    return this.#attached.record.id;
  }

  get type(): string {
    return this.#attached.record.type;
  }

  get code(): string {
    return this.#attached.record.code;
  }

  get name(): string {
    return this.#attached.record.name;
  }

  get company(): string {
    return this.#attached.record.company;
  }

  get reference(): BackendReference {
    return { type: this.type, id: this.id };
  }

  /** The validated settings, secrets in clear. Never log them. */
  get settings(): Settings {
    return this.#attached.settings;
  }

  get logger(): Logger {
    return this.#attached.logger;
  }

  /** First part of the codes of this backend's endpoints. @defaultValue `<slug(type)>-<id>`, e.g. `stripe-1` */
  technicalPrefix(): string {
    return `${slug(this.type)}-${this.id}`;
  }

  /** What an installed side offers under a token; undefined while that side is absent. For mixins. */
  protected port(token: symbol): unknown {
    return this.#attached.ports.get(token);
  }

  static {
    attachBackend = (instance, attachment) => {
      if (instance.#attachment) throw new Error('a backend is attached to its record once');
      instance.#attachment = attachment;
    };
  }

  get #attached(): BackendAttachment<Settings> {
    if (!this.#attachment)
      throw new Error(
        `${this.constructor.name} is not attached to a backend record; use it after construction only`,
      );
    return this.#attachment;
  }
}
