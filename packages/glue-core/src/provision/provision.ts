import type { Database, Transaction } from '../database/database.js';
import { isDuplicateKeyError } from '../database/database-errors.js';
import { inTransaction } from '../database/in-transaction.js';
import type { InjectionToken } from '../di.js';
import { clashesOf } from '../endpoint/endpoint-clashes.js';
import type { EndpointStore } from '../endpoint/endpoint-store.js';
import { planEndpoint, type EndpointOwner, type EndpointPlan } from '../endpoint/plan-endpoint.js';
import { GlueError } from '../errors/glue-error.js';
import type { BackendReference } from '../naming/backend-reference.js';
import { slug } from '../naming/slug.js';
import { DEFAULT_COMPANY } from '../backend/backend-record.js';
import type { BackendRegistry } from '../backend/backend-registry.js';
import type { CatalogedSeed, SeedCatalog } from '../seeds/seed-catalog.js';
import type { Side } from '../side/side.js';
import type { SideName } from '../side/side-name.js';

export const PROVISIONER: InjectionToken<Provisioner> = Symbol('glue:provisioner');

/** What provisioning did, or would do. */
export interface ProvisionReport {
  readonly changes: readonly (Pick<
    EndpointPlan,
    'action' | 'code' | 'name' | 'path' | 'updated' | 'conflicts'
  > & {
    readonly side: SideName;
    readonly seed: string;
  })[];
}

export interface ProvisionOptions {
  readonly actor: string;
  /** Plan and check only; nothing is written. @defaultValue false */
  readonly dryRun?: boolean;
}

class DryRun extends Error {}

/**
 * Turns seeds into endpoints: per backend on a person's word (provision and resync are the same act, done first or
 * again), and for seeds that stand alone at start. Idempotent, transactional, audited.
 */
export class Provisioner {
  readonly #stores: ReadonlyMap<SideName, EndpointStore>;

  constructor(
    private readonly database: Database,
    private readonly catalog: SeedCatalog,
    private readonly registry: BackendRegistry,
    sides: readonly Side[],
  ) {
    this.#stores = new Map(sides.map(({ name, endpoints }) => [name, endpoints]));
  }

  /**
   * Materialises the specs of a backend's type for it, or brings its endpoints up to date.
   * @throws GLUE_BACKEND_NOT_FOUND, GLUE_BACKEND_UNUSABLE (its class names the endpoints, so it must be ready),
   *   GLUE_SIDE_ABSENT, GLUE_ENDPOINT_INVALID, GLUE_PROVISION_CONFLICT with all clashes
   */
  async provision(reference: BackendReference, options: ProvisionOptions): Promise<ProvisionReport> {
    await this.registry.refresh(); // the record may have been made or renamed a moment ago
    const backend = this.registry.get(reference);
    const owner = {
      name: backend.name,
      technicalPrefix: slug(backend.technicalPrefix()),
      company: backend.company,
      backend: reference,
    };
    return this.#applyAll(
      this.catalog.forBackendType(reference.type).map((seed) => ({ seed, owner })),
      options,
    );
  }

  /** Inserts or updates the endpoints that stand alone, of every enabled connector. */
  async applyStandalone(options: ProvisionOptions): Promise<ProvisionReport> {
    const wanted = this.catalog.standalone().map((seed) => {
      const owner = { name: seed.connector, technicalPrefix: slug(seed.connector), company: DEFAULT_COMPANY };
      return { seed, owner };
    });
    return this.#applyAll(wanted, options);
  }

  async #applyAll(wanted: readonly Wanted[], options: ProvisionOptions): Promise<ProvisionReport> {
    try {
      return await this.#applyOnce(wanted, options);
    } catch (error) {
      if (!mayBeRace(error)) throw error;
      // Another host made the same endpoints at this moment; now seen, they are unchanged, or a clash indeed.
      return this.#applyOnce(wanted, options);
    }
  }

  async #applyOnce(
    wanted: readonly Wanted[],
    { actor, dryRun = false }: ProvisionOptions,
  ): Promise<ProvisionReport> {
    let plans: EndpointPlan[] = [];
    try {
      await inTransaction(this.database, async (trx) => {
        plans = [];
        const clashes: string[] = [];
        for (const each of wanted) plans.push(await this.#applyOne(trx, each, actor, clashes));
        if (clashes.length > 0) {
          throw new GlueError(
            'GLUE_PROVISION_CONFLICT',
            'provisioning clashes with existing endpoints; nothing was changed',
            { problems: clashes },
          );
        }
        if (dryRun) throw new DryRun();
      });
    } catch (error) {
      if (!(error instanceof DryRun)) throw error;
    }
    return { changes: plans.map(reported) };
  }

  /** Applies one seed, or adds its clashes; later seeds of the same act see what earlier ones wrote. */
  async #applyOne(
    trx: Transaction,
    { seed, owner }: Wanted,
    actor: string,
    clashes: string[],
  ): Promise<EndpointPlan> {
    const store = this.#stores.get(seed.side);
    if (!store)
      throw new GlueError(
        'GLUE_SIDE_ABSENT',
        `seed "${seed.seedId}" is for ${seed.side}, which is not installed in this host`,
      );
    const [existing] = await store.rowsOf(trx, {
      seedIds: [seed.seedId],
      ...(owner.backend && { backend: owner.backend }),
    });
    const plan = planEndpoint(seed, owner, existing);
    const found = await clashesOf(trx, plan, owner, existing?.id);
    if (found.length > 0) clashes.push(...found);
    else await store.apply(trx, plan, owner, existing, actor);
    return plan;
  }
}

/** The database refused them, or they came between the look for our own endpoint and the look for those of others. */
function mayBeRace(error: unknown): boolean {
  return (
    isDuplicateKeyError(error) || (error instanceof GlueError && error.code === 'GLUE_PROVISION_CONFLICT')
  );
}

interface Wanted {
  readonly seed: CatalogedSeed;
  readonly owner: EndpointOwner;
}

function reported({
  seed,
  action,
  code,
  name,
  path,
  updated,
  conflicts,
}: EndpointPlan): ProvisionReport['changes'][number] {
  return {
    side: seed.side,
    seed: seed.seedId,
    action,
    code,
    name,
    ...(path !== undefined && { path }),
    updated,
    conflicts,
  };
}
