import type { InjectionToken } from '../di.js';
import { GlueError } from '../errors/glue-error.js';
import type { BackendClass } from './backend-class.js';

export const BACKEND_TYPES: InjectionToken<BackendTypes> = Symbol('glue:backend-types');

/** The concrete backend classes that enabled connectors export, by type. */
export class BackendTypes {
  readonly #classes = new Map<string, { backendClass: BackendClass; connector: string }>();

  /** @throws GLUE_CONNECTOR_DEFINITION when the type is missing, malformed or registered twice */
  register(backendClass: BackendClass, connector: string): void {
    const { type, name } = backendClass;
    if (typeof type !== 'string' || !/^[a-z0-9][a-z0-9._-]{0,62}$/.test(type)) {
      throw new GlueError(
        'GLUE_CONNECTOR_DEFINITION',
        `backend class ${name} of connector "${connector}" needs a static type like 'stripe'`,
      );
    }
    const other = this.#classes.get(type);
    if (other) {
      throw new GlueError(
        'GLUE_CONNECTOR_DEFINITION',
        `connectors "${other.connector}" and "${connector}" both register the backend type "${type}"`,
      );
    }
    this.#classes.set(type, { backendClass, connector });
  }

  /** @throws GLUE_BACKEND_TYPE_UNKNOWN */
  get(type: string): BackendClass {
    const known = this.#classes.get(type);
    if (!known) {
      const list =
        this.list()
          .map((each) => each.type)
          .join(', ') || 'none';
      throw new GlueError(
        'GLUE_BACKEND_TYPE_UNKNOWN',
        `no enabled connector registers the backend type "${type}" (registered: ${list})`,
      );
    }
    return known.backendClass;
  }

  has(type: string): boolean {
    return this.#classes.has(type);
  }

  connectorOf(type: string): string | undefined {
    return this.#classes.get(type)?.connector;
  }

  /** The linkable backend types, sorted by label. */
  list(): { type: string; label: string; connector: string }[] {
    return [...this.#classes]
      .map(([type, { backendClass, connector }]) => ({ type, label: backendClass.label ?? type, connector }))
      .sort((a, b) => a.label.localeCompare(b.label, 'en'));
  }
}
