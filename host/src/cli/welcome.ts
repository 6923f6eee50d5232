import { join } from 'node:path';
import { formatBackendReference } from 'glue-core';
import { systemEnvironment } from '../config/environment.js';
import { inboundUrl } from '../http/host-url.js';
import type { Host } from '../host.js';
import { UNVERIFIED } from './endpoint-rows.js';
import { ownCommand } from './own-command.js';
import { shownPath } from './shown-path.js';

/** What somebody needs to know who just started a host: where providers call, where data lies, how to try it. */
export async function welcome(host: Host, configOption: string | undefined): Promise<string[]> {
  const { config, inbound, connectors } = host.installation;
  const endpoints = (await inbound?.endpoints.list()) ?? [];
  const active = endpoints.filter(({ state }) => state === 'active');
  const url = config.host.publicUrl ?? host.url;
  const sample = active.find(({ backend }) => backend !== undefined)?.backend;
  const nameWidth = Math.max(...active.map(({ name }) => name.length + 1));
  const failed = connectors.filter(({ state }) => state === 'failed');
  return [
    '',
    `Glue is running at ${host.url}  (Ctrl+C stops it)`,
    '',
    ...active.map(
      ({ path, code, name, config: own }) =>
        `  ${`${name}:`.padEnd(nameWidth)}  ${inboundUrl(url, path ?? code)}${own?.verification.mode === 'none' ? `  ${UNVERIFIED}` : ''}`,
    ),
    ...(active.length === 0 ? ['  No inbound endpoint is active.'] : []),
    ...failed.map(({ id, error }) => `  Connector "${id}" failed to load: ${error?.message}`),
    '',
    `  Data lies in      ${dataPlace(host)}`,
    ...(sample
      ? [
          `  Send a sample     ${ownCommand(`send ${formatBackendReference(sample)} --url ${host.url}`, configOption)}`,
          `  See what came     ${ownCommand('events list', configOption)}`,
        ]
      : [`  Make a backend    ${ownCommand('backends create --help', configOption)}`]),
    '',
  ];
}

function dataPlace({ installation: { config } }: Host): string {
  const { database } = config;
  const place = database.client === 'sqlite' ? shownPath(database.file) : new URL(database.url).host;
  const key =
    systemEnvironment()['GLUE_SECRET_KEY'] === undefined
      ? shownPath(join(config.dataFolder, 'secret.key'))
      : 'GLUE_SECRET_KEY';
  return `${place}; the key of its secrets in ${key}`;
}
