import { describe, expect, it, test } from '@jest/globals';
import { z } from 'zod';
import { durationSeconds, parseDuration } from '../src/validation/duration.js';
import { problemsOf } from '../src/validation/problems.js';

describe('a duration', () => {
  test.each([
    ['500ms', 0.5],
    ['5s', 5],
    ['5', 5],
    ['30m', 1_800],
    ['2h', 7_200],
    ['1d', 86_400],
    ['1.5h', 5_400],
    [' 5m ', 300],
    ['0', 0],
  ])('%j is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
    expect(durationSeconds.parse(text)).toBe(seconds);
  });

  test.each(['', 's', '-5s', '5 s', '5w', '5S', '1e3', '.5s', '5m30s', 'Infinity', '9'.repeat(400)])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
      expect(durationSeconds.safeParse(text).success).toBe(false);
    },
  );

  it('may be given as a number of seconds', () => {
    expect(durationSeconds.parse(0.25)).toBe(0.25);
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, null, undefined]) {
      expect(durationSeconds.safeParse(value).success).toBe(false);
    }
  });
});

describe('the problems of a refused value', () => {
  const schema = z.strictObject({
    name: z.string(),
    retries: z.array(durationSeconds),
    mode: z.enum(['a', 'b']),
  });

  it('name every place, under a root when there is one', () => {
    const { error } = schema.safeParse({ name: 1, retries: [5, 'soon'], mode: 'c', extra: 1 });
    expect(problemsOf(error as z.ZodError, 'config')).toEqual([
      expect.stringMatching(/^config\.name: /),
      'config.retries.1: no duration: write 500ms, 5s, 30m, 2h or 1d',
      expect.stringMatching(/^config\.mode: /),
      expect.stringMatching(/^config: .*extra/),
    ]);
  });

  it('say so when the value as a whole is wrong', () => {
    expect(problemsOf(schema.safeParse('text').error as z.ZodError)).toEqual([
      expect.stringMatching(/^\(whole\): /),
    ]);
  });

  it('never repeat a value, which may be a secret', () => {
    const secret = 'sk_live_51H';
    const { error } = schema.safeParse({ name: [secret], retries: [secret], mode: secret });
    expect(problemsOf(error as z.ZodError).join()).not.toContain(secret);
  });
});
