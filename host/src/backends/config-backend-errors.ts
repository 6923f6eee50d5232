import { GlueError, newBackendErrors, type BackendStore, type BackendTypes } from 'glue-core';
import type { ConfigBackend } from '../config/config-schema.js';
import { changesOf, findConfigured, settingsToCreate } from './apply-config-backends.js';

export interface ConfigBackendCheck {
  readonly types: BackendTypes;
  /** The records that there are; absent before there is any. */
  readonly store: BackendStore | undefined;
  /** Leaves out a backend whose type nobody registers: its connector failed, and that is told already. */
  readonly mayWait: boolean;
}

/** All for which `applyConfigBackends` would refuse the backends of the config. Nothing is written. */
export async function configBackendErrors(
  backends: readonly ConfigBackend[],
  { types, store, mayWait }: ConfigBackendCheck,
): Promise<GlueError[]> {
  const errors: GlueError[] = [];
  for (const backend of backends) {
    if (mayWait && !types.has(backend.type)) continue;
    const existing = store && (await findConfigured(backend, store));
    if (!existing) {
      errors.push(...newBackendErrors({ ...backend, settings: settingsToCreate(backend.settings) }, types));
      continue;
    }
    try {
      const changes = await changesOf(backend, existing, store);
      if (Object.keys(changes).length > 0) await store.checkUpdate(existing, changes);
    } catch (error) {
      if (!(error instanceof GlueError)) throw error;
      errors.push(error);
    }
  }
  return errors;
}
