import { GlueError } from 'glue-core';
import { findConfigured } from '../backends/apply-config-backends.js';
import type { Installation } from '../installation.js';

const dryRun = { actor: 'cli', dryRun: true };

/** What a start could not provision: a dry run for the endpoints that stand alone, and those of the config's backends. */
export async function provisioningErrors({
  config,
  store,
  registry,
  provisioner,
}: Installation): Promise<GlueError[]> {
  const errors = await errorsOf(() => provisioner.applyStandalone(dryRun));
  for (const backend of config.backends) {
    const existing = backend.provision ? await findConfigured(backend, store) : undefined;
    if (existing && registry.find(existing).state === 'ready')
      errors.push(...(await errorsOf(() => provisioner.provision(existing, dryRun))));
  }
  return errors;
}

async function errorsOf(act: () => Promise<unknown>): Promise<GlueError[]> {
  try {
    await act();
    return [];
  } catch (error) {
    if (error instanceof GlueError) return [error];
    throw error;
  }
}
