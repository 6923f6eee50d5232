import type { ConnectorBackend, OwnSecrets } from 'glue-core';
import { createSigner, type Signer } from '../sign/signer.js';
import type { OutboundEndpointConfig } from './endpoint-config.js';
import { reservedHeadersOf } from './reserved-headers.js';
import { signatureHeadersOf } from './signing.js';

/** By what the requests of an endpoint are proven. */
export interface EndpointMeans {
  readonly signer: Signer;
  /** Lower-case names of headers that these write, and what writes them. */
  readonly reservedHeaders: ReadonlyMap<string, string>;
  /** Lower-case names of headers that the log does not keep. */
  readonly secretHeaders: ReadonlySet<string>;
  /** Secrets in clear, to be kept out of the log. */
  readonly secrets: () => readonly string[];
  /** Secrets that cannot be used, beside those that can. */
  readonly warnings: readonly string[];
}

/** Why nothing of an endpoint can be sent. */
export interface MissingMeans {
  readonly problems: readonly string[];
}

/** Opens what an endpoint whose backend works proves its requests with; or says everything that it lacks. */
export function openMeans(
  config: Pick<OutboundEndpointConfig, 'signing'>,
  own: OwnSecrets,
  backend: ConnectorBackend | undefined,
): EndpointMeans | MissingMeans {
  const signer = createSigner(config.signing, { backend, own });
  if ('reason' in signer) return { problems: [`signing: ${signer.reason}`] };
  return {
    signer,
    reservedHeaders: reservedHeadersOf(config),
    secretHeaders: new Set(signatureHeadersOf(config.signing)),
    secrets: () => signer.secrets,
    warnings: signer.warnings,
  };
}
