import { messageOf, type EndpointStore, type Logger } from 'glue-core';
import type { InboundConfig } from './inbound-config.js';
import { openEndpoint, type EndpointLinks, type OpenEndpoint } from './open-endpoint.js';

/** All inbound endpoints in memory, so that finding one asks no database. */
export class EndpointDirectory {
  #byPath = new Map<string, OpenEndpoint>();
  #byId = new Map<number, OpenEndpoint>();

  constructor(
    private readonly endpoints: EndpointStore<InboundConfig>,
    private readonly links: EndpointLinks,
    private readonly logger: Logger,
  ) {}

  findByPath(path: string): OpenEndpoint | undefined {
    return this.#byPath.get(path);
  }

  findById(id: number): OpenEndpoint | undefined {
    return this.#byId.get(id);
  }

  /**
   * Reads all endpoints anew.
   * @returns ids of those that were broken, or unknown, and are not any more
   */
  async refresh(): Promise<number[]> {
    const all: OpenEndpoint[] = [];
    const valid = await this.endpoints.openAll(({ id, code, path, state }, error) => {
      all.push({ id, code, path: path ?? code, state, status: 'broken', reason: messageOf(error) });
    });
    all.push(...valid.map((endpoint) => openEndpoint(endpoint, this.links)));
    const mended = all.filter(({ id, status }) => status !== 'broken' && this.#isBroken(id));
    for (const entry of all) this.#tell(entry);
    this.#byPath = new Map(all.map((entry) => [entry.path, entry]));
    this.#byId = new Map(all.map((entry) => [entry.id, entry]));
    return mended.map(({ id }) => id);
  }

  #isBroken(id: number): boolean {
    return (this.#byId.get(id)?.status ?? 'broken') === 'broken';
  }

  /** Says what is wrong with an active endpoint, once. */
  #tell(entry: OpenEndpoint): void {
    if (entry.status === 'ready' || entry.state !== 'active') return;
    const before = this.#byId.get(entry.id);
    if (before && before.status !== 'ready' && before.reason === entry.reason) return;
    this.logger.warn(
      { endpoint: entry.code, reason: entry.reason },
      'an active inbound endpoint cannot take requests',
    );
  }
}
