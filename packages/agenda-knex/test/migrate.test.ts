import { describe, expect, it } from '@jest/globals';
import { takeOnce } from '../src/migrate.js';

const refusal = (errno: number) => Object.assign(new Error(`refused: ${errno}`), { errno });

describe('a step of the schema', () => {
  /** Takes a step that is refused this often, and tells how often it was taken. */
  async function taken(errno: number, refusals: number): Promise<number> {
    let times = 0;
    await takeOnce('step', () => (++times <= refusals ? Promise.reject(refusal(errno)) : Promise.resolve()));
    return times;
  }

  it('is taken again when it is broken off, five times at most', async () => {
    expect(await taken(1317, 4)).toBe(5);
    await expect(taken(1317, 5)).rejects.toThrow('step "step": Error: refused: 1317');
  });

  it('is content when what it makes is there', async () => {
    expect(await taken(1050, 1)).toBe(1);
  });

  it('fails at once by any other refusal', async () => {
    await expect(taken(1044, 1)).rejects.toThrow('agenda-knex cannot prepare its tables');
  });
});
