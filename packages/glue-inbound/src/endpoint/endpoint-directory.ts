import { messageOf, type EndpointStore } from 'glue-core';
import type { InboundEndpointConfig } from './endpoint-config.js';
import type { EndpointLinks } from './link-problems.js';
import { openEndpoint, type OpenEndpoint } from './open-endpoint.js';

/** All inbound endpoints in memory, so that finding one asks no database. */
export class EndpointDirectory {
  #byPath = new Map<string, OpenEndpoint>();
  #byId = new Map<number, OpenEndpoint>();

  constructor(
    private readonly endpoints: EndpointStore<InboundEndpointConfig>,
    private readonly links: EndpointLinks,
  ) {}

  findByPath(path: string): OpenEndpoint | undefined {
    return this.#byPath.get(path);
  }

  findById(id: number): OpenEndpoint | undefined {
    return this.#byId.get(id);
  }

  /** Reads all endpoints anew. */
  async refresh(): Promise<void> {
    const all: OpenEndpoint[] = [];
    const valid = await this.endpoints.openAll(({ id, code, path, state }, error) => {
      const known = { id, code, path: path ?? code, state, secretHeaders: [] };
      all.push({ ...known, status: 'broken', reason: messageOf(error) });
    });
    const unopened: { endpointId: number; problem: string }[] = [];
    const secrets = await this.endpoints.secrets.openAll((endpointId, error) => {
      unopened.push({ endpointId, problem: error.message });
    });
    for (const endpoint of valid) {
      const problems = unopened.filter(({ endpointId }) => endpointId === endpoint.id);
      const own = { secrets: secrets.get(endpoint.id), problems: problems.map(({ problem }) => problem) };
      all.push(openEndpoint(endpoint, own, this.links));
    }
    for (const entry of all) this.#tell(entry);
    this.#byPath = new Map(all.map((entry) => [entry.path, entry]));
    this.#byId = new Map(all.map((entry) => [entry.id, entry]));
  }

  /** Says what is wrong, or unsafe, with an active endpoint, once. */
  #tell(entry: OpenEndpoint): void {
    const before = this.#byId.get(entry.id);
    if (takesAnybody(entry) && !(before && takesAnybody(before)))
      this.links.logger.warn(
        { endpoint: entry.code },
        'an active inbound endpoint is not verified: anybody can post to it',
      );
    const reason = faultOf(entry);
    if (reason === undefined || (before && faultOf(before) === reason)) return;
    this.links.logger.warn(
      { endpoint: entry.code, reason },
      entry.status === 'ready'
        ? 'an active inbound endpoint has parts that cannot be used'
        : 'an active inbound endpoint cannot take requests',
    );
  }
}

function takesAnybody(entry: OpenEndpoint): boolean {
  return (
    entry.state === 'active' && entry.status === 'ready' && entry.endpoint.config.verification.mode === 'none'
  );
}

function faultOf(entry: OpenEndpoint): string | undefined {
  if (entry.state !== 'active') return undefined;
  if (entry.status !== 'ready') return entry.reason;
  const warnings = [...entry.verifier.warnings, ...entry.edge.problems];
  return warnings.length > 0 ? warnings.join('; ') : undefined;
}
