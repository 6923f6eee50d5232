import type { Transaction } from '../database/database.js';
import { GlueError } from '../errors/glue-error.js';
import type { BackendReference } from '../naming/backend-reference.js';
import type { SideName } from '../side/side-name.js';
import type { EndpointCheck } from './endpoint-check.js';
import { codeProblems } from './endpoint-naming.js';
import type { EndpointOwner } from './endpoint-owner.js';
import type { EndpointState } from './endpoint-record.js';
import { secretRowsOf } from './endpoint-secret-table.js';
import { endpointTables, type EndpointRow } from './endpoint-table.js';
import type { EndpointWriter, NewEndpointRow } from './endpoint-writer.js';
import type { EndpointPlan } from './plan-endpoint.js';

/** The reason of a draft whose seed says active. */
export const WAS_NOT_COMPLETE = 'it was not complete when it was made';

/** What applying a plan came to. */
export interface AppliedPlan {
  readonly state: EndpointState;
  /** What keeps it from being active: with it a new one is a draft, and one that is there is not changed. */
  readonly problems: readonly string[];
}

/** The endpoints of a side that come from seeds, for provisioning. */
export class SeededEndpoints {
  constructor(
    private readonly side: SideName,
    private readonly check: EndpointCheck<unknown>,
    private readonly writer: EndpointWriter,
  ) {}

  /** The row that was made from a seed, for a backend or to stand alone; nobody else changes it until the transaction ends. */
  find(
    trx: Transaction,
    seedId: string,
    backend: BackendReference | undefined,
  ): Promise<EndpointRow | undefined> {
    return trx<EndpointRow>(endpointTables[this.side])
      .where({
        seed_id: seedId,
        backend_type: backend?.type ?? null,
        backend_id: backend?.id ?? null,
      })
      .forUpdate()
      .first();
  }

  /**
   * Writes a plan. The caller checked its clashes and holds the transaction.
   * @throws GLUE_ENDPOINT_INVALID
   */
  async apply(
    trx: Transaction,
    plan: EndpointPlan,
    owner: EndpointOwner,
    existing: EndpointRow | undefined,
    actor: string,
  ): Promise<AppliedPlan> {
    if (existing && plan.action === 'unchanged') return { state: existing.state, problems: [] };
    this.check.parseConfig(plan.code, plan.config);
    const [problem] = codeProblems(plan.code);
    if (problem !== undefined) throw new GlueError('GLUE_ENDPOINT_INVALID', problem);
    return existing
      ? this.#update(trx, plan, existing, actor)
      : this.#create(trx, rowOf(plan, owner), plan, actor);
  }

  async #create(
    trx: Transaction,
    row: NewEndpointRow,
    plan: EndpointPlan,
    actor: string,
  ): Promise<AppliedPlan> {
    const problems =
      row.state === 'active'
        ? (await this.check.look({ row: this.writer.fresh(row), secrets: [] })).problems
        : [];
    const made = problems.length > 0 ? { ...row, state: 'draft' as const, reason: WAS_NOT_COMPLETE } : row;
    await this.writer.insert(trx, made, actor, traceOf(plan));
    return { state: made.state, problems };
  }

  async #update(
    trx: Transaction,
    plan: EndpointPlan,
    existing: EndpointRow,
    actor: string,
  ): Promise<AppliedPlan> {
    const values = valuesOf(plan);
    const secrets = await secretRowsOf(trx, this.side, existing.id);
    const problems = await this.check.brokenBy(
      { row: existing, secrets },
      { row: { ...existing, ...values }, secrets },
    );
    if (problems.length === 0)
      await this.writer.update(
        trx,
        existing,
        { values, detail: traceOf(plan) },
        { actor, action: 'endpoint.update' },
      );
    return { state: existing.state, problems };
  }
}

function valuesOf(plan: EndpointPlan) {
  return {
    name: plan.name,
    code: plan.code,
    suffix: plan.suffix,
    handler: plan.handler ?? null,
    config: JSON.stringify(plan.config),
    seed_fields: JSON.stringify(plan.seedFields),
  };
}

function rowOf(plan: EndpointPlan, owner: EndpointOwner): NewEndpointRow {
  return {
    ...valuesOf(plan),
    state: plan.seed.state,
    reason: null,
    company: owner.company,
    backend_type: owner.backend?.type ?? null,
    backend_id: owner.backend?.id ?? null,
    path: plan.path ?? null,
    seed_id: plan.seed.seedId,
  };
}

function traceOf({ seed, updated, conflicts }: EndpointPlan) {
  return { seed: seed.seedId, updated, kept: conflicts };
}
