import { Option, type Command } from 'commander';
import { parseBackendReference, type EndpointStore, type WorkFilter, type WorkState } from 'glue-core';
import { parseTime } from './parse-time.js';

/** The filter of a command over events or deliveries, as written. */
export interface WorkFilterOptions {
  readonly id?: string[];
  readonly endpoint?: string;
  readonly state?: WorkState;
  readonly backend?: string;
  readonly since?: number;
  readonly until?: number;
}

/** Adds the options of a filter to a command. @param came - how an item gets here: `received`, `queued` */
export function addWorkFilter(command: Command, states: readonly WorkState[], came: string): Command {
  return command
    .addOption(new Option('--state <state>', 'only those in this state').choices(states))
    .option('--endpoint <code>', 'only those of this endpoint')
    .option('--backend <ref>', 'only those of this backend, e.g. stripe,1')
    .option(
      '--since <time>',
      `only those ${came} then or later: 2026-01-31T12:00Z, or 2h for two hours ago`,
      parseTime,
    )
    .option('--until <time>', `only those ${came} before`, parseTime)
    .option('--id <id...>', 'only these');
}

/** @throws GLUE_ENDPOINT_NOT_FOUND, GLUE_BACKEND_REFERENCE_INVALID */
export async function workFilterOf(
  { id, endpoint, state, backend, since, until }: WorkFilterOptions,
  endpoints: Pick<EndpointStore, 'getByCode'>,
): Promise<WorkFilter> {
  return {
    ...(id && { ids: id }),
    ...(endpoint !== undefined && { endpointId: (await endpoints.getByCode(endpoint)).id }),
    ...(state !== undefined && { state }),
    ...(backend !== undefined && { backend: parseBackendReference(backend) }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
}
