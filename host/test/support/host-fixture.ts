import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inboundConfigSchema } from 'glue-inbound';
import { outboundConfigSchema } from 'glue-outbound';
import type { HostConfig } from '../../src/config/config-schema.js';
import { parseConfig } from '../../src/config/load-config.js';

/** The folder of connectors that fail in one way each, and one that is good. */
export const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/connectors');

export const fixture = (name: string): string => join(FIXTURES, name);

/** A folder that is removed by the function that comes with it. */
export function temporaryFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'glue-host-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The configuration of a host in a folder of its own, on any free port, with the good connector. */
export function testConfig(folder: string, changes: Record<string, unknown> = {}): HostConfig {
  const content = {
    host: { name: 'test', port: 0 },
    database: { client: 'sqlite', durability: 'fast' },
    connectors: { enabled: ['good'], folders: [], packages: [fixture('good')] },
    log: { level: 'silent' },
    stop: { deadlineSeconds: 2 },
    ...changes,
  };
  return parseConfig(content, {
    baseFolder: folder,
    environment: {},
    inbound: inboundConfigSchema,
    outbound: outboundConfigSchema,
  });
}

export const goodBackend = {
  type: 'good',
  name: 'Good',
  settings: { secret: 'a secret of the good system' },
} as const;
