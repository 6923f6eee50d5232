import type { InjectionToken } from '../di.js';
import type { BackendTypes } from '../backend/backend-types.js';
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

  /**
   * Seeds for backends of a type that nobody registers: they are never applied. A slip of the pen, or a type of a
   * connector that is not enabled.
   * @param connector - whose seeds are looked at. @defaultValue all
   * @returns one line each
   */
  backendTypeProblems(types: Pick<BackendTypes, 'has' | 'list'>, connector?: string): string[] {
    const known = types.list().map(({ type }) => type);
    return this.#endpoints.flatMap((seed) =>
      seed.backend === undefined ||
      types.has(seed.backend) ||
      (connector !== undefined && seed.connector !== connector)
        ? []
        : [
            `seed "${seed.seedId}" is for backends of the type "${seed.backend}", which no enabled connector registers (registered: ${known.join(', ') || 'none'})`,
          ],
    );
  }

  /** All seeds, whatever they are for. */
  list(): readonly CatalogedSeed[] {
    return this.#endpoints;
  }

  /** @throws GLUE_SEED_HANDLER_UNKNOWN with all seeds that name a handler which nobody offers */
  checkHandlers(isKnown: (handler: string) => boolean): void {
    const [first, ...others] = this.#endpoints.flatMap(({ handler, seedId: seed }) =>
      handler === undefined || isKnown(handler)
        ? []
        : [`seed "${seed}" names the handler "${handler}", which no enabled connector offers`],
    );
    if (first === undefined) return;
    throw new GlueError('GLUE_SEED_HANDLER_UNKNOWN', first, { problems: others });
  }
}
