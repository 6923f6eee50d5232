import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  formatBackendReference,
  GlueError,
  slug,
  type BackendChanges,
  type BackendReference,
  type BackendStore,
  type BackendTypes,
  type BackendView,
  type Logger,
} from 'glue-core';
import { generatedSettingSchema, type ConfigBackend } from '../config/config-schema.js';

const ACTOR = 'config';
/** How often a backend that another host changes at the same moment is looked at again. */
const MAX_LOOKS = 3;

export interface ConfigBackendsOptions {
  readonly store: BackendStore;
  readonly types: BackendTypes;
  readonly logger: Logger;
  /** Skips a backend whose connector failed to load. */
  readonly lenient: boolean;
}

/**
 * Creates the backends of the config that do not exist, and updates name, active and those settings that are given
 * and differ. Nothing is ever deleted.
 * @returns the backends to provision
 * @throws GLUE_BACKEND_TYPE_UNKNOWN, GLUE_BACKEND_INVALID, GLUE_BACKEND_CODE_INVALID
 */
export async function applyConfigBackends(
  backends: readonly ConfigBackend[],
  options: ConfigBackendsOptions,
): Promise<BackendReference[]> {
  const { types, lenient, logger } = options;
  const toProvision: BackendReference[] = [];
  for (const backend of backends) {
    if (lenient && !types.has(backend.type)) {
      logger.warn(
        { type: backend.type, name: backend.name },
        'a backend of the config waits for its connector',
      );
      continue;
    }
    const reference = await applyOne(backend, options);
    if (backend.provision) toProvision.push(reference);
  }
  return toProvision;
}

async function applyOne(
  backend: ConfigBackend,
  options: ConfigBackendsOptions,
  looksLeft = MAX_LOOKS,
): Promise<BackendReference> {
  const { store, logger } = options;
  const existing = await findConfigured(backend, store);
  try {
    if (!existing) {
      const created = await store.create({ ...backend, settings: settingsToCreate(backend.settings) }, ACTOR);
      logger.info({ backend: formatBackendReference(created) }, 'a backend of the config was created');
      return created;
    }
    const changes = await changesOf(backend, existing, store);
    if (Object.keys(changes).length > 0) {
      await store.update(existing, changes, ACTOR);
      logger.info({ backend: formatBackendReference(existing) }, 'a backend was updated from the config');
    }
    return existing;
  } catch (error) {
    if (looksLeft === 0 || !isRace(error)) throw error;
    return applyOne(backend, options, looksLeft - 1);
  }
}

/** The record that a backend of the config stands for, if there is one. */
export function findConfigured(
  { type, code, name, company }: ConfigBackend,
  store: BackendStore,
): Promise<BackendView | undefined> {
  return store.findByCode(type, slug(code ?? name) || 'backend', company);
}

/** What the config wants to be changed in its record. @throws GLUE_SECRET_KEY_MISSING */
export async function changesOf(
  backend: ConfigBackend,
  existing: BackendView,
  store: BackendStore,
): Promise<BackendChanges> {
  return changesTo(backend, { ...existing, settings: (await store.open(existing)).settings });
}

/** What the config says of a new backend: an empty text is no setting, `{ $generate: "whsec_" }` a new secret. */
export function settingsToCreate(settings: ConfigBackend['settings']): Record<string, unknown> {
  return Object.fromEntries(
    given(settings).map(([name, value]) => {
      const generated = generatedSettingSchema.safeParse(value);
      return [
        name,
        generated.success ? generated.data.$generate + randomBytes(32).toString('base64') : value,
      ];
    }),
  );
}

/** What of an existing backend differs from the config. A generated setting is never made anew. */
export function changesTo(
  { name, active, settings }: Pick<ConfigBackend, 'name' | 'active' | 'settings'>,
  present: { name: string; active: boolean; settings: Readonly<Record<string, unknown>> },
): BackendChanges {
  const differing = given(settings).filter(
    ([key, value]) =>
      !generatedSettingSchema.safeParse(value).success && !isDeepStrictEqual(value, present.settings[key]),
  );
  return {
    ...(name !== present.name && { name }),
    ...(active !== undefined && active !== present.active && { active }),
    ...(differing.length > 0 && { settings: Object.fromEntries(differing) }),
  };
}

const given = (settings: ConfigBackend['settings']) =>
  Object.entries(settings).filter(([, value]) => value !== '');

/** Another host did the same at the same moment. */
function isRace(error: unknown): boolean {
  return (
    error instanceof GlueError &&
    (error.code === 'GLUE_BACKEND_CODE_TAKEN' || error.code === 'GLUE_DATABASE_CONFLICT')
  );
}
