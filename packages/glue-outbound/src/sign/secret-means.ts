import type { ConnectorBackend, OwnSecrets } from 'glue-core';

/** Where the secrets of an endpoint are. */
export interface SecretMeans {
  /** The linked backend. */
  readonly backend?: Pick<ConnectorBackend, 'settings'> | undefined;
  /** What the endpoint has of its own, for whatever use. */
  readonly own: OwnSecrets;
}

/** Why nothing can be proven. */
export interface Unusable {
  readonly reason: string;
}
