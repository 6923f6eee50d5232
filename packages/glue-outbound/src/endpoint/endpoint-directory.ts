import {
  formatBackendReference,
  messageOf,
  type BackendReference,
  type BackendRegistry,
  type EndpointRecord,
  type ConnectorBackend,
  type EndpointStore,
  type Logger,
  type OwnSecrets,
} from 'glue-core';
import type { OutboundEndpointConfig } from './endpoint-config.js';
import { openMeans, type EndpointMeans, type MissingMeans } from './open-endpoint.js';

export type OutboundEndpoint = EndpointRecord<OutboundEndpointConfig>;

/** What was opened of an endpoint, and from what. */
interface Opened {
  readonly from: string;
  readonly backend: ConnectorBackend | undefined;
  readonly means: EndpointMeans | MissingMeans;
}

/** All outbound endpoints in memory, so that a delivery on its way asks no database for them. */
export class EndpointDirectory {
  #byId = new Map<number, OutboundEndpoint>();
  #opened = new Map<number, Opened>();
  #byBackend = new Map<string, OutboundEndpoint[]>();
  #unusable: readonly number[] = [];

  constructor(
    private readonly store: EndpointStore<OutboundEndpointConfig>,
    private readonly logger: Logger,
    private readonly registry: Pick<BackendRegistry, 'find'>,
  ) {}

  /** Reads all endpoints again. One that cannot be used is left out: its deliveries are held. */
  async refresh(): Promise<void> {
    const unusable: number[] = [];
    const endpoints = await this.store.openAll(({ id, code }, error) => {
      unusable.push(id);
      this.logger.error({ endpoint: code, reason: messageOf(error) }, 'an endpoint cannot be used');
    });
    const secrets = await this.#ownSecrets();
    this.#opened = new Map(
      endpoints.map((endpoint) => [endpoint.id, this.#open(endpoint, secrets.get(endpoint.id) ?? {})]),
    );
    this.#unusable = unusable;
    this.#byId = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
    this.#byBackend = Map.groupBy(endpoints, ({ backend }) => ownerKey(backend));
  }

  get(id: number): OutboundEndpoint | undefined {
    return this.#byId.get(id);
  }

  all(): readonly OutboundEndpoint[] {
    return [...this.#byId.values()];
  }

  ids(): readonly number[] {
    return [...this.#byId.keys()];
  }

  /** Of those that are left out. */
  unusableIds(): readonly number[] {
    return this.#unusable;
  }

  /** By what the requests of an endpoint are proven. */
  meansOf(id: number): EndpointMeans | MissingMeans {
    return this.#opened.get(id)?.means ?? { problems: [`there is no outbound endpoint ${id}`] };
  }

  /** Of the connections that some endpoint may still use. */
  transportIds(): ReadonlySet<string> {
    const all = [...this.#opened.values()].map(({ means }) => means);
    return new Set(all.flatMap((means) => ('problems' in means ? [] : means.transports.ids)));
  }

  /** The endpoints of a backend, or those that stand alone. */
  linkedTo(backend: BackendReference | undefined): readonly OutboundEndpoint[] {
    return this.#byBackend.get(ownerKey(backend)) ?? [];
  }

  async #ownSecrets(): Promise<ReadonlyMap<number, OwnSecrets>> {
    const problems = new Map<number, string[]>();
    const opened = await this.store.secrets.openAll((endpointId, { message }) => {
      problems.set(endpointId, [...(problems.get(endpointId) ?? []), message]);
    });
    const ids = new Set([...opened.keys(), ...problems.keys()]);
    return new Map([...ids].map((id) => [id, { secrets: opened.get(id), problems: problems.get(id) ?? [] }]));
  }

  /** What did not change stays open: its keys are decoded, and its tokens fetched, once. */
  #open(endpoint: OutboundEndpoint, own: OwnSecrets): Opened {
    const lookup = endpoint.backend && this.registry.find(endpoint.backend);
    const backend = lookup?.state === 'ready' ? lookup.instance : undefined;
    const from = JSON.stringify([
      endpoint.version,
      own.secrets?.map(({ id, notBefore, notAfter }) => [id, notBefore, notAfter]),
      own.problems,
    ]);
    const known = this.#opened.get(endpoint.id);
    if (known?.from === from && known.backend === backend) return known;
    const means = openMeans(endpoint.config, own, backend);
    // Without its backend nothing can be said of its secrets.
    if (!endpoint.backend || backend) this.#tell(endpoint, means);
    return { from, backend, means };
  }

  #tell({ code, state }: OutboundEndpoint, means: EndpointMeans | MissingMeans): void {
    if (state !== 'active') return;
    const reasons = 'problems' in means ? means.problems : means.warnings;
    if (reasons.length === 0) return;
    const text =
      'problems' in means
        ? 'an active outbound endpoint cannot send'
        : 'an active outbound endpoint has secrets that cannot be used';
    this.logger.warn({ endpoint: code, reason: reasons.join('; ') }, text);
  }
}

function ownerKey(backend: BackendReference | undefined): string {
  return backend ? formatBackendReference(backend) : '';
}
