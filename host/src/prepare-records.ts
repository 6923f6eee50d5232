import { formatBackendReference } from 'glue-core';
import { applyConfigBackends } from './backends/apply-config-backends.js';
import type { Installation } from './installation.js';

/**
 * Brings the records in line with config and seeds: backends of the config, endpoints that stand alone, and the
 * endpoints of backends that the config says to provision. Doing it again changes nothing.
 */
export async function prepareRecords(installation: Installation): Promise<void> {
  const { config, registry, provisioner, logger } = installation;
  const { lenient } = config.connectors;
  const toProvision = await applyConfigBackends(config.backends, { ...installation, lenient });
  await registry.refresh();
  await provisioner.applyStandalone({ actor: 'start' });
  for (const reference of toProvision) {
    if (registry.find(reference).state === 'inactive') continue;
    const { changes } = await provisioner.provision(reference, { actor: 'config' });
    for (const { action, side, code, conflicts } of changes) {
      if (action === 'unchanged' && conflicts.length === 0) continue;
      logger.info(
        { backend: formatBackendReference(reference), side, endpoint: code, action, conflicts },
        'provisioned',
      );
    }
  }
}
