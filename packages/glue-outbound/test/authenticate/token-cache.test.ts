import { describe, expect, it } from '@jest/globals';
import { TokenCache, type Token } from '../../src/authenticate/token-cache.js';
import { TokenFailure } from '../../src/authenticate/token-failure.js';

const tokenOf = (value: string, usableUntilMs = 100): Token => ({ value, usableUntilMs });

/** Gives one answer after the other, and counts how often it was asked. */
function source(...answers: (Token | TokenFailure | Error)[]) {
  let asked = 0;
  return {
    fetch: (): Promise<Token | TokenFailure> => {
      const answer = answers[asked] ?? new Error('asked too often');
      asked += 1;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    get asked() {
      return asked;
    },
  };
}

describe('a token is kept', () => {
  it('as long as it is usable', async () => {
    const [first, second] = [tokenOf('a', 100), tokenOf('b', 200)];
    const server = source(first, second);
    const cache = new TokenCache();
    expect(await cache.get(server.fetch, 0)).toBe(first);
    expect(await cache.get(server.fetch, 99)).toBe(first);
    expect(await cache.get(server.fetch, 100)).toBe(second);
  });

  it('not when it ends at once, but those who wait get it', async () => {
    const server = source(tokenOf('a', 0), tokenOf('b', 0));
    const cache = new TokenCache();
    const both = await Promise.all([cache.get(server.fetch, 0), cache.get(server.fetch, 0)]);
    expect([both.map((token) => (token as Token).value), server.asked]).toEqual([['a', 'a'], 1]);
    expect(await cache.get(server.fetch, 0)).toMatchObject({ value: 'b' });
  });

  it('until it is forgotten; who forgets an older one changes nothing', async () => {
    const [first, second] = [tokenOf('a'), tokenOf('b')];
    const server = source(first, second);
    const cache = new TokenCache();
    await cache.get(server.fetch, 0);
    cache.forget(first);
    const fetching = cache.get(server.fetch, 0);
    cache.forget(first);
    expect(await fetching).toBe(second);
    cache.forget(first);
    expect(await cache.get(server.fetch, 0)).toBe(second);
    expect(server.asked).toBe(2);
  });

  it('not when there is none: a failure, and what nobody foresaw, is asked about again', async () => {
    const failure = new TokenFailure('timeout', 'late');
    const server = source(failure, new Error('oh'), tokenOf('a'));
    const cache = new TokenCache();
    expect(await cache.get(server.fetch, 0)).toBe(failure);
    await expect(cache.get(server.fetch, 0)).rejects.toThrow('oh');
    expect(await cache.get(server.fetch, 0)).toMatchObject({ value: 'a' });
  });

  it('in mind when it is over, so that the log does not show it; the last few of them', async () => {
    const cache = new TokenCache();
    for (let n = 0; n < 20; n += 1) await cache.get(source(tokenOf(`t${n}`, 0)).fetch, 0);
    expect(cache.values).toEqual(['t19', 't18', 't17', 't16', 't15', 't14', 't13', 't12']);
  });
});
