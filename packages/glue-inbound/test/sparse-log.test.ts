import { expect, it } from '@jest/globals';
import { ManualClock } from 'glue-core';
import { SparseLog } from '../src/receive/sparse-log.js';

it('writes one line a second, which tells for how many it stands, and makes no others', () => {
  const clock = new ManualClock();
  const lines: object[] = [];
  let made = 0;
  const log = new SparseLog(clock, (fields) => lines.push(fields));
  const tell = () => log.tell(() => ({ made: (made += 1) }));
  for (let n = 0; n < 300; n += 1) tell();
  clock.advance(999);
  tell();
  expect(lines).toEqual([{ made: 1, requests: 1 }]);
  clock.advance(1);
  tell();
  expect(lines).toEqual([
    { made: 1, requests: 1 },
    { made: 2, requests: 301 },
  ]);
});
