import type { ConnectorBackend } from '../backend/connector-backend.js';
import { formatBackendReference, type BackendReference } from '../naming/backend-reference.js';
import { slug } from '../naming/slug.js';

/** The backend that endpoints are named after, or for standing-alone seeds the connector. */
export interface EndpointOwner {
  readonly name: string;
  readonly technicalPrefix: string;
  readonly company: string;
  readonly backend?: BackendReference;
}

/** An owner that is a backend. */
export interface BackendOwner extends EndpointOwner {
  readonly backend: BackendReference;
}

/** Only a backend that works can tell: its class names its endpoints. */
export function ownerOf(backend: ConnectorBackend): BackendOwner {
  const { name, company, reference } = backend;
  return { name, company, technicalPrefix: slug(backend.technicalPrefix()), backend: reference };
}

/** How messages call an owner. */
export function ownerName({ name, backend }: EndpointOwner): string {
  return backend ? `${formatBackendReference(backend)} "${name}"` : `connector "${name}"`;
}
