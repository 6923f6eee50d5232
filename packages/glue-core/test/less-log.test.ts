import { expect, it } from '@jest/globals';
import { Effects } from '../src/work/effects.js';
import { withLessLog } from '../src/work/less-log.js';
import type { Settlement } from '../src/work/settle-work.js';

const row = {
  id: '1',
  endpointId: 1,
  owner: 1,
  token: 1,
  attempts: 1,
  failures: 0,
  takeovers: 0,
  openKey: undefined,
};
const minimal = { startedAt: 1, endedAt: 2, outcome: 'done', note: 'taken' };
const settled = (more: object): Settlement => ({
  ...{ row, step: { state: 'done' }, failures: 0, effects: new Effects(), nowMs: 2, blocksKey: false },
  attempt: { ...minimal, ...more },
});

it('a log gives way by its least part first: the columns of the side, then the stack; never what was decided', () => {
  const whole = settled({ error: 'a stack', side: { status: 200 } });
  const withStack = { ...whole, attempt: { ...minimal, error: 'a stack' } };
  const least = { ...whole, attempt: minimal };
  expect(withLessLog(whole)).toEqual(withStack);
  expect(withLessLog(withStack)).toEqual(least);
  expect(withLessLog({ ...whole, attempt: { ...minimal, side: { status: 200 } } })).toEqual(least);
  expect(withLessLog(least)).toBeUndefined();
});
