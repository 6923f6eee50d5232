import { z } from 'zod';
import type { InjectionToken } from '../di.js';
import { GlueError } from '../errors/glue-error.js';
import type { BackendClass } from './backend-class.js';
import { ConnectorBackend } from './connector-backend.js';
import { nestedSecretsOf, secretSettingsOf } from './secret-setting.js';

export const BACKEND_TYPES: InjectionToken<BackendTypes> = Symbol('glue:backend-types');

interface RegisteredType {
  readonly backendClass: BackendClass;
  readonly connector: string;
  readonly secrets: readonly string[];
}

/** The concrete backend classes that enabled connectors export, by type. */
export class BackendTypes {
  readonly #classes = new Map<string, RegisteredType>();

  /**
   * @throws GLUE_CONNECTOR_DEFINITION when it is no backend class, its settings are no object schema or nest a secret,
   *   or its type is missing, malformed or registered twice
   */
  register(backendClass: BackendClass, connector: string): void {
    const problem = problemOf(backendClass);
    if (problem !== undefined)
      throw new GlueError('GLUE_CONNECTOR_DEFINITION', `connector "${connector}" exports ${problem}`);
    const { type, settings } = backendClass;
    const other = this.#classes.get(type);
    if (other) {
      throw new GlueError(
        'GLUE_CONNECTOR_DEFINITION',
        `connectors "${other.connector}" and "${connector}" both register the backend type "${type}"`,
      );
    }
    this.#classes.set(type, { backendClass, connector, secrets: secretSettingsOf(settings) });
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

  /** Names of the secret settings of a type; none when the type is not registered. */
  secretsOf(type: string): readonly string[] {
    return this.#classes.get(type)?.secrets ?? [];
  }

  /** The linkable backend types, sorted by label. */
  list(): { type: string; label: string; connector: string }[] {
    return [...this.#classes]
      .map(([type, { backendClass, connector }]) => ({ type, label: backendClass.label ?? type, connector }))
      .sort((a, b) => a.label.localeCompare(b.label, 'en') || a.type.localeCompare(b.type, 'en'));
  }
}

/** What is wrong with what a connector exports; connectors may be written without types. */
function problemOf(exported: unknown): string | undefined {
  if (typeof exported !== 'function' || !(exported.prototype instanceof ConnectorBackend))
    return 'a backend that is no class derived from ConnectorBackend';
  const { name, type, settings } = exported as Partial<BackendClass> & { readonly name: string };
  if (typeof type !== 'string' || !/^[a-z0-9][a-z0-9._-]{0,62}$/.test(type))
    return `the backend class ${name} without a static type like 'stripe'`;
  if (!(settings instanceof z.ZodObject))
    return `the backend class ${name} without static settings, which is a z.object({ … }) or z.strictObject({ … })`;
  const [nested] = nestedSecretsOf(settings);
  return nested === undefined
    ? undefined
    : `the backend class ${name} with a secret inside another setting (${nested}), where it would be stored in clear: make it a setting of its own, or a list of secrets`;
}
