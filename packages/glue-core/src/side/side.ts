import type { Migration } from '../database/migration.js';
import type { EndpointStore } from '../endpoint/endpoint-store.js';
import type { SideName } from './side-name.js';

/** What a side package gives the house, the same for both. */
export interface Side {
  readonly name: SideName;
  readonly endpoints: EndpointStore;
}

/** A side's tables; known before its services are built. */
export interface SideSchema {
  readonly name: SideName;
  readonly migrations: readonly Migration[];
}
