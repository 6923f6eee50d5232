import type { ConnectorBackend, OwnSecrets, SecretUse } from 'glue-core';

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

/** For who reads that a secret is missing. @param use - undefined: it signs */
export function wayOut(use?: SecretUse): string {
  const what =
    use === 'certificate' ? 'one of its own, certificate and private key as PEM' : 'one of its own';
  return `set it in the backend, or give the endpoint ${what}: glue endpoints secrets add <code>${use === undefined ? '' : ` --for ${use}`}`;
}
