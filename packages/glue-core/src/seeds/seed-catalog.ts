import type { InjectionToken } from '../di.js';
import { GlueError } from '../errors/glue-error.js';
import type { SideName } from '../side/side-name.js';
import { seedId, type ConnectorSeeds, type EndpointSeed } from './seed-file.js';

export const SEED_CATALOG: InjectionToken<SeedCatalog> = Symbol('glue:seed-catalog');

/** An endpoint seed with its full id and the full id of its handler. */
export interface CatalogedSeed extends EndpointSeed {
  readonly seedId: string;
  readonly connector: string;
}

/** What the seeds of all enabled connectors offer. */
export class SeedCatalog {
  readonly #endpoints: CatalogedSeed[] = [];

  /** Adds the seeds of a connector whose sides are given. @throws GLUE_SIDE_ABSENT for a spec of a side that it does not declare */
  add({ connector, endpoints }: ConnectorSeeds, sides: readonly SideName[]): void {
    for (const seed of endpoints) {
      const full = seedId(connector, seed.id);
      if (!sides.includes(seed.side)) {
        throw new GlueError(
          'GLUE_SIDE_ABSENT',
          `seed "${full}" is for ${seed.side}, which the manifest of connector "${connector}" does not list in "sides"`,
        );
      }
      const handler = seed.handler === undefined ? {} : { handler: seedId(connector, seed.handler) };
      this.#endpoints.push({ ...seed, ...handler, seedId: full, connector });
    }
  }

  /** The specs for backends of one type. */
  forBackendType(type: string): CatalogedSeed[] {
    return this.#endpoints.filter(({ backend }) => backend === type);
  }

  /** The endpoints that stand alone. */
  standalone(): CatalogedSeed[] {
    return this.#endpoints.filter(({ backend }) => backend === undefined);
  }

  /** @throws GLUE_SEED_HANDLER_UNKNOWN when a seed names a handler that nobody offers */
  checkHandlers(isKnown: (handler: string) => boolean): void {
    for (const { handler, seedId: seed } of this.#endpoints) {
      if (handler !== undefined && !isKnown(handler)) {
        throw new GlueError(
          'GLUE_SEED_HANDLER_UNKNOWN',
          `seed "${seed}" names the handler "${handler}", which no enabled connector offers`,
        );
      }
    }
  }
}
