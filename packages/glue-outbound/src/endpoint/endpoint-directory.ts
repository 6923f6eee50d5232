import {
  formatBackendReference,
  messageOf,
  type BackendReference,
  type EndpointRecord,
  type EndpointStore,
  type Logger,
} from 'glue-core';
import type { OutboundEndpointConfig } from './endpoint-config.js';

export type OutboundEndpoint = EndpointRecord<OutboundEndpointConfig>;

/** All outbound endpoints in memory, so that a delivery on its way asks no database for them. */
export class EndpointDirectory {
  #byId = new Map<number, OutboundEndpoint>();
  #byBackend = new Map<string, OutboundEndpoint[]>();

  constructor(
    private readonly store: EndpointStore<OutboundEndpointConfig>,
    private readonly logger: Logger,
  ) {}

  /** Reads all endpoints again. One that cannot be used is left out: its deliveries are held. */
  async refresh(): Promise<void> {
    const endpoints = await this.store.openAll(({ code }, error) =>
      this.logger.error({ endpoint: code, reason: messageOf(error) }, 'an endpoint cannot be used'),
    );
    this.#byId = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
    this.#byBackend = Map.groupBy(endpoints, ({ backend }) =>
      backend ? formatBackendReference(backend) : '',
    );
  }

  get(id: number): OutboundEndpoint | undefined {
    return this.#byId.get(id);
  }

  linkedTo(backend: BackendReference): readonly OutboundEndpoint[] {
    return this.#byBackend.get(formatBackendReference(backend)) ?? [];
  }
}
