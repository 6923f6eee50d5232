import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { newId } from 'glue-core';
import { describeFaults, type Scene } from './support/scene.js';
import { post } from './support/sender.js';
import { until } from './support/until.js';

const EVENTS = 260;
const killAt = resolve('test/faults/support/kill-at.mjs');

interface BulkRow {
  id: string;
  state: string;
  moved: number;
}
interface EventRow {
  id: string;
  state: string;
  kind: string;
  primary_id: string | null;
}

describeFaults('a host that is killed (-9) in the middle of a bulk move', (openScene) => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene.close());

  const events = () => scene.database<EventRow>('glue_events');
  const bulkMove = async () => {
    const [row] = await scene.database<BulkRow>('glue_bulk_moves');
    return { state: row?.state, moved: Number(row?.moved) };
  };

  it('before or after a step commits, and started again, replays each event once', async () => {
    const first = await scene.start('one');
    for (let sent = 0; sent < EVENTS; sent += 20)
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => post(first.url, { id: `evt_${sent + index}` })),
      );
    await until(
      'all are done',
      async () => (await events().where({ state: 'done' })).length === EVENTS,
      30_000,
    );
    await first.stop();
    const originals = await events().select('id');
    await scene.database('glue_bulk_moves').insert({
      ...{ id: newId(), side: 'inbound', move: 'replay', filter: '{}', state: 'running', actor: 'test' },
      ...{ total: EVENTS, moved: 0, started_at: Date.now(), due_at: 0 },
    });

    for (const stage of ['before', 'after', 'before', 'after']) {
      const environment = { GLUE_TEST_KILL_AT: `${stage}-commit-of-bulk-step:2` };
      const doomed = scene.launch('one', { environment, imports: [killAt] });
      await until('it is killed in its second step', () => doomed.hasEnded, 40_000);
      expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });
      const { state, moved } = await bulkMove();
      expect([state, moved]).toEqual(['running', (await events().where({ kind: 'replay' })).length]);
    }
    await scene.start('one');
    await until('the bulk move is done', async () => (await bulkMove()).state === 'done', 30_000);
    const replays = await events().where({ kind: 'replay' });
    expect(replays.map(({ primary_id }) => primary_id).sort()).toEqual(originals.map(({ id }) => id).sort());
    expect((await bulkMove()).moved).toBe(EVENTS);
  }, 240_000);
});
