import { formatBackendReference, GlueError, type Logger, type ProvisionReport } from 'glue-core';
import { applyConfigBackends } from './backends/apply-config-backends.js';
import type { Installation } from './installation.js';
import { throwTogether } from './start-errors.js';

/**
 * Brings the records in line with config and seeds: backends of the config, endpoints that stand alone, and the
 * endpoints of backends that the config says to provision. Doing it again changes nothing.
 * @throws what one backend, or GLUE_START_REFUSED what several, cannot be provisioned for; the others are
 */
export async function prepareRecords(installation: Installation): Promise<void> {
  const { config, registry, provisioner, logger } = installation;
  const { lenient } = config.connectors;
  const toProvision = await applyConfigBackends(config.backends, { ...installation, lenient });
  await registry.refresh();
  const standalone = await provisioner.applyStandalone({ actor: 'start' });
  for (const problem of standalone.problems) logger.warn({ problem }, 'a seed is not applied');
  for (const change of standalone.changes) logChange(change, {}, logger);
  const refused: GlueError[] = [];
  for (const reference of toProvision) {
    if (registry.find(reference).state === 'inactive') continue;
    try {
      const { changes } = await provisioner.provision(reference, { actor: 'config' });
      for (const change of changes) logChange(change, { backend: formatBackendReference(reference) }, logger);
    } catch (error) {
      if (!(error instanceof GlueError)) throw error;
      refused.push(error);
    }
  }
  throwTogether(refused, 'backends cannot be provisioned');
}

function logChange(
  { action, side, code, conflicts, problems }: ProvisionReport['changes'][number],
  of: { backend?: string },
  logger: Logger,
): void {
  const fields = { ...of, side, endpoint: code, action };
  if (problems.length > 0) logger.warn({ ...fields, problems }, 'provisioned as a draft: it is not complete');
  else if (action !== 'unchanged' || conflicts.length > 0)
    logger.info({ ...fields, conflicts }, 'provisioned');
}
