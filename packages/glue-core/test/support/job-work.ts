import type { Database } from '../../src/database/database.js';
import { newId } from '../../src/naming/new-id.js';
import type { FilteredWork } from '../../src/operate/operated-work.js';
import { narrowWork, workFilterSchema } from '../../src/operate/work-filter.js';
import type { WorkState } from '../../src/work/work-table.js';
import { storeJobs, table } from './work-fixture.js';

/** The `jobs` of the work fixture, as operators move them. Dead letters of lane 9 block their ordering key. */
export const jobWork: FilteredWork = {
  side: 'outbound',
  noun: 'delivery',
  notFound: 'GLUE_DELIVERY_NOT_FOUND',
  table,
  filterSchema: workFilterSchema,
  narrow: (query, filter) => narrowWork(query, filter, 'arrived_at'),
  arrivedAt: 'arrived_at',
  rules: () =>
    Promise.resolve({
      blocksKey: (lane) => lane === 9,
      replay: async (trx, ids, { nowMs, phase }) => {
        const originals = await trx<JobRow>('jobs').whereIn('id', ids);
        const replays = new Map(originals.map(({ id }) => [id, newId()]));
        for (const { id, endpoint_id, ordering_key } of originals)
          await trx('jobs').insert({
            id: replays.get(id),
            ...{ endpoint_id, ordering_key, open_key: ordering_key, state: 'queued', phase, due_at: nowMs },
          });
        return replays;
      },
      queueDrafts: async (trx, ids, { nowMs, phase }) => {
        await trx('jobs').whereIn('id', ids).update({ state: 'queued', phase, due_at: nowMs });
      },
    }),
};

export interface JobRow {
  id: string;
  endpoint_id: number;
  state: WorkState;
  phase: number | null;
  due_at: number;
  owner: number | null;
  attempts: number;
  failures: number;
  takeovers: number;
  ordering_key: string | null;
  open_key: string | null;
  note: string | null;
  finished_at: number | null;
}

const finished: Readonly<Partial<Record<WorkState, true>>> = {
  done: true,
  dead_letter: true,
  canceled: true,
};

/** Stores one job in a state, as the engine would leave it there. */
export async function storeJobIn(
  database: Database,
  state: WorkState,
  row: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const phases: Partial<Record<WorkState, number>> = { received: 0, queued: 0, retrying: 1 };
  const [id = ''] = await storeJobs(database, 1, 1, {
    state,
    phase: phases[state] ?? null,
    due_at: 500,
    attempts: 3,
    failures: 2,
    ...(finished[state] && { finished_at: 400 }),
    ...(state === 'processing' && { owner: 1, token: 1 }),
    ...row,
  });
  return id;
}

export async function jobOf(database: Database, id: string): Promise<JobRow> {
  const row = await database<JobRow>('jobs').where({ id }).first();
  if (!row) throw new Error(`there is no job ${id}`);
  return row;
}
