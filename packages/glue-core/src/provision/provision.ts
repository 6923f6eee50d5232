import type { Database, Transaction } from '../database/database.js';
import { isDuplicateKeyError } from '../database/database-errors.js';
import { inTransaction } from '../database/in-transaction.js';
import type { InjectionToken } from '../di.js';
import { clashesOf, type EndpointIdentity } from '../endpoint/endpoint-clashes.js';
import { ownerName, ownerOf, type EndpointOwner } from '../endpoint/endpoint-owner.js';
import type { EndpointState } from '../endpoint/endpoint-record.js';
import { planEndpoint, type EndpointPlan } from '../endpoint/plan-endpoint.js';
import type { AppliedPlan } from '../endpoint/seeded-endpoints.js';
import { GlueError } from '../errors/glue-error.js';
import type { BackendReference } from '../naming/backend-reference.js';
import { slug } from '../naming/slug.js';
import { DEFAULT_COMPANY } from '../backend/backend-record.js';
import type { BackendRegistry } from '../backend/backend-registry.js';
import type { BackendTypes } from '../backend/backend-types.js';
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
    readonly state: EndpointState;
    /** Why a new one is a draft although its seed says active: what is missing. */
    readonly problems: readonly string[];
  })[];
  /** Seeds that cannot be applied at all, one line each. */
  readonly problems: readonly string[];
}

export interface ProvisionOptions {
  readonly actor: string;
  /** Plan and check only; nothing is written. @defaultValue false */
  readonly dryRun?: boolean;
}

export interface ProvisionerParts {
  readonly database: Database;
  readonly catalog: SeedCatalog;
  readonly types: BackendTypes;
  readonly registry: BackendRegistry;
  /** Those that are installed. */
  readonly sides: readonly Side[];
}

class DryRun extends Error {}

/**
 * Turns seeds into endpoints: per backend on a person's word (provision and resync are the same act, done first or
 * again), and for seeds that stand alone at start. Idempotent, transactional, audited.
 */
export class Provisioner {
  readonly #sides: ReadonlyMap<SideName, Side>;

  constructor(private readonly parts: ProvisionerParts) {
    this.#sides = new Map(parts.sides.map((side) => [side.name, side]));
  }

  /**
   * Materialises the specs of a backend's type for it, or brings its endpoints up to date.
   * @throws GLUE_BACKEND_NOT_FOUND, GLUE_BACKEND_UNUSABLE (its class names the endpoints, so it must be ready),
   *   GLUE_SIDE_ABSENT, GLUE_ENDPOINT_INVALID, GLUE_PROVISION_CONFLICT with all clashes
   */
  async provision(reference: BackendReference, options: ProvisionOptions): Promise<ProvisionReport> {
    const { catalog, types, registry } = this.parts;
    await registry.refresh(); // the record may have been made or renamed a moment ago
    const owner = ownerOf(registry.get(reference));
    const wanted = catalog.forBackendType(reference.type).map((seed) => ({ seed, owner }));
    const problems = catalog.backendTypeProblems(types, types.connectorOf(reference.type));
    return { changes: await this.#applyAll(wanted, options), problems };
  }

  /** Inserts or updates the endpoints that stand alone, of every enabled connector. */
  async applyStandalone(options: ProvisionOptions): Promise<ProvisionReport> {
    const { catalog, types } = this.parts;
    const wanted = catalog.standalone().map((seed) => {
      const owner = { name: seed.connector, technicalPrefix: slug(seed.connector), company: DEFAULT_COMPANY };
      return { seed, owner };
    });
    return {
      changes: await this.#applyAll(wanted, options),
      problems: catalog.backendTypeProblems(types),
    };
  }

  async #applyAll(wanted: readonly Wanted[], options: ProvisionOptions): Promise<ProvisionReport['changes']> {
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
  ): Promise<ProvisionReport['changes']> {
    let applied: AppliedSeed[] = [];
    try {
      await inTransaction(this.parts.database, async (trx) => {
        applied = [];
        const clashes: string[] = [];
        for (const each of wanted) applied.push(await this.#applyOne(trx, each, actor, clashes));
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
    return applied.map(reported);
  }

  /** Applies one seed, or adds what stands against it; later seeds of the same act see what earlier ones wrote. */
  async #applyOne(
    trx: Transaction,
    { seed, owner }: Wanted,
    actor: string,
    clashes: string[],
  ): Promise<AppliedSeed> {
    const { side, seedId } = seed;
    const seeded = this.#sides.get(side)?.endpoints.seeded;
    if (!seeded)
      throw new GlueError(
        'GLUE_SIDE_ABSENT',
        `seed "${seedId}" is for ${side}, which is not installed in this host`,
      );
    const existing = await seeded.find(trx, seedId, owner.backend);
    const plan = planEndpoint(seed, owner, existing);
    const asker = `seed "${seedId}" for ${ownerName(owner)}`;
    const found = await clashesOf(trx, side, asker, identityOf(plan, owner), existing?.id);
    clashes.push(...found);
    if (found.length > 0) return { plan, state: seed.state, problems: [] };
    const applied = await seeded.apply(trx, plan, owner, existing, actor);
    if (existing)
      clashes.push(...applied.problems.map((problem) => `${asker} would break "${plan.code}": ${problem}`));
    return { plan, ...applied };
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

interface AppliedSeed extends AppliedPlan {
  readonly plan: EndpointPlan;
}

function identityOf({ code, path, suffix }: EndpointPlan, { backend }: EndpointOwner): EndpointIdentity {
  return {
    ...{ code, suffix, path: path ?? null },
    backend_type: backend?.type ?? null,
    backend_id: backend?.id ?? null,
  };
}

function reported({ plan, state, problems }: AppliedSeed): ProvisionReport['changes'][number] {
  const { seed, action, code, name, path, updated, conflicts } = plan;
  return {
    side: seed.side,
    seed: seed.seedId,
    ...{ action, code, name, state },
    ...(path !== undefined && { path }),
    ...{ updated, conflicts, problems },
  };
}
