import type { ConnectorBackend, OwnSecrets } from 'glue-core';
import type { Authenticator } from '../authenticate/authenticator.js';
import { createAuthenticator } from '../authenticate/create-authenticator.js';
import { createTransports, type Transports } from '../authenticate/create-transports.js';
import { createSigner, type Signer } from '../sign/signer.js';
import { authenticationHeadersOf, certificateOf } from './authentication.js';
import type { OutboundEndpointConfig } from './endpoint-config.js';
import { reservedHeadersOf } from './reserved-headers.js';
import { signatureHeadersOf } from './signing.js';

/** By what the requests of an endpoint are proven. */
export interface EndpointMeans {
  readonly transports: Transports;
  readonly authenticator: Authenticator;
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
  config: Pick<OutboundEndpointConfig, 'authentication' | 'authorities' | 'signing'>,
  own: OwnSecrets,
  backend: ConnectorBackend | undefined,
): EndpointMeans | MissingMeans {
  const certificate = certificateOf(config.authentication);
  const transports = createTransports(certificate, config.authorities, { backend, own });
  const authenticator = createAuthenticator(config.authentication, { backend, own });
  const signer = createSigner(config.signing, { backend, own });
  if ('reason' in transports || 'reason' in authenticator || 'reason' in signer)
    return {
      problems: [
        ...('reason' in transports ? [`authentication: ${transports.reason}`] : []),
        ...('reason' in authenticator ? [`authentication: ${authenticator.reason}`] : []),
        ...('reason' in signer ? [`signing: ${signer.reason}`] : []),
      ],
    };
  return {
    transports,
    authenticator,
    signer,
    reservedHeaders: reservedHeadersOf(config),
    secretHeaders: new Set([
      ...authenticationHeadersOf(config.authentication),
      ...signatureHeadersOf(config.signing),
    ]),
    secrets: () => [...transports.secrets, ...authenticator.secrets(), ...signer.secrets],
    // A secret that does not open is missed by all.
    warnings: [...new Set([...transports.warnings, ...authenticator.warnings, ...signer.warnings])],
  };
}
