import type { z } from 'zod';
import type { SecretBox } from '../crypto/secret-box.js';
import { GlueError } from '../errors/glue-error.js';
import type { SideName } from '../side/side-name.js';
import { problemsOf } from '../validation/problems.js';
import type { EndpointRecord } from './endpoint-record.js';
import { isLiveSecret, type EndpointSecret } from './endpoint-secret.js';
import { windowOf, type EndpointSecretRow } from './endpoint-secret-table.js';
import { configOf, endpointOf, type EndpointRow } from './endpoint-table.js';
import { openSecret } from './seal-secret.js';

export interface EndpointCheckOptions<Config> {
  /** The time that all hosts share, by which secrets count, in Unix milliseconds. */
  readonly now: () => number;
  readonly side: SideName;
  readonly box: SecretBox;
  /** Validates the side's configuration, as stored; gives it with defaults. */
  readonly configSchema: z.ZodType<Config>;
  /**
   * What keeps an endpoint of the side from being active, one readable line each; nothing when it is complete. Asked
   * within a transaction, so it asks no database. @defaultValue a valid configuration is complete
   * @param secrets - the endpoint's own that count now
   */
  findProblems?(
    endpoint: EndpointRecord<Config>,
    secrets: readonly EndpointSecret[],
  ): readonly string[] | Promise<readonly string[]>;
}

/** An endpoint with its own secrets, as stored. */
export interface StoredEndpoint {
  readonly row: EndpointRow;
  readonly secrets: readonly EndpointSecretRow[];
}

/** What a look at an endpoint found. */
export interface EndpointLook<Config> {
  /** With defaults; undefined when it is not valid. */
  readonly config: Config | undefined;
  readonly problems: readonly string[];
}

/** Tells whether an endpoint is complete: by its configuration, its secrets, and what its side asks for. */
export class EndpointCheck<Config> {
  constructor(private readonly options: EndpointCheckOptions<Config>) {}

  /** What is wrong with a configuration. */
  configProblems(config: unknown): string[] {
    const { error } = this.options.configSchema.safeParse(config);
    return error ? problemsOf(error, 'config') : [];
  }

  /** @throws GLUE_ENDPOINT_INVALID with every problem of the configuration */
  parseConfig(code: string, config: unknown): Config {
    const parsed = this.options.configSchema.safeParse(config);
    if (parsed.success) return parsed.data;
    throw new GlueError(
      'GLUE_ENDPOINT_INVALID',
      `the configuration of ${this.options.side} endpoint "${code}" is not valid`,
      { problems: problemsOf(parsed.error, 'config') },
    );
  }

  /** Finds everything that keeps an endpoint from being active, whatever its state. */
  async look({ row, secrets }: StoredEndpoint): Promise<EndpointLook<Config>> {
    const { now, side, box, configSchema } = this.options;
    const { data: config, error } = configSchema.safeParse(configOf(row));
    if (error) return { config: undefined, problems: problemsOf(error, 'config') };
    const opened = secrets
      .filter((secret) => isLiveSecret(windowOf(secret), now()))
      .map((secret) => openSecret(secret, row.code, side, box));
    const open = opened.flatMap((secret) => (secret instanceof GlueError ? [] : [secret]));
    const found = (await this.options.findProblems?.({ ...endpointOf(row), config }, open)) ?? [];
    const closed = opened.flatMap((secret) => (secret instanceof GlueError ? [secret.message] : []));
    return { config, problems: [...closed, ...found] };
  }

  /** @throws GLUE_ENDPOINT_INCOMPLETE with every problem of an endpoint that is, or is to be, active */
  async refuseIncomplete(endpoint: StoredEndpoint): Promise<void> {
    if (endpoint.row.state !== 'active') return;
    const { problems } = await this.look(endpoint);
    if (problems.length > 0) throw this.incomplete(endpoint.row.code, 'cannot be active', problems);
  }

  /**
   * What a change would break in an active endpoint that is whole. One that is broken already may be changed: a secret
   * that leaked can be taken away, and a newer seed be applied, whatever else is wrong.
   * @returns every problem after it; nothing when it breaks nothing
   */
  async brokenBy(before: StoredEndpoint, after: StoredEndpoint): Promise<readonly string[]> {
    if (after.row.state !== 'active') return [];
    const { problems } = await this.look(after);
    if (problems.length === 0) return [];
    return (await this.look(before)).problems.length === 0 ? problems : [];
  }

  incomplete(code: string, what: string, problems: readonly string[]): GlueError {
    return new GlueError('GLUE_ENDPOINT_INCOMPLETE', `${this.options.side} endpoint "${code}" ${what}`, {
      problems,
    });
  }
}
