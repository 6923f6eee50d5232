import { describe, expect, it } from '@jest/globals';
import { GlueError } from '../src/errors/glue-error.js';
import { loggedError } from '../src/errors/logged-error.js';

function thrownBy(code: () => unknown): unknown {
  try {
    return code();
  } catch (error) {
    return error;
  }
}

const coded = (code: unknown, name = 'Error') => Object.assign(new Error('s3cret'), { code, name });

describe('what a log tells of an error', () => {
  it('is kind, code and place, without the message of foreign code', () => {
    const { reason, stack } = loggedError(thrownBy(() => JSON.parse('s3cret')));
    expect(reason).toBe('SyntaxError');
    expect(stack).toMatch(/^at JSON\.parse[^]*logged-error\.test/);
    expect(stack).not.toContain('s3cret');
    expect(loggedError(coded('ERR_BAD_KEY', 'TypeError')).reason).toBe('TypeError ERR_BAD_KEY');
  });

  it.each<[string, unknown, string]>([
    ['a code that is a sentence', coded('s3cret is bad'), 'Error'],
    ['a code that is a number', coded(1213), 'Error 1213'],
    ['a name that is a sentence', coded('E1', 's3cret is bad'), 'E1'],
    ['neither name nor code', coded(undefined, 's3cret is bad'), 'an error without a name'],
    ['a text', 's3cret', 'something that is no Error was thrown (string)'],
    ['nothing', undefined, 'something that is no Error was thrown (undefined)'],
    ['an object', { message: 's3cret' }, 'something that is no Error was thrown (object)'],
  ])('of %s is nothing of what it holds', (_what, error, reason) => {
    const logged = loggedError(error);
    expect(logged.reason).toBe(reason);
    expect(JSON.stringify(logged)).not.toContain('s3cret');
  });

  it('has the frames alone, however many lines the message has', () => {
    const error = new Error('first\n    at s3cret (a.js:1:1)\n{"s3cret": 1}\nlast s3cret');
    expect(loggedError(error).stack).toMatch(/^at /);
    expect(loggedError(error).stack).not.toContain('s3cret');
    error.stack = 's3cret';
    expect(loggedError(error)).toEqual({ reason: 'Error' });
  });

  it('is the message of our own errors, which hold no secrets', () => {
    const error = new GlueError('GLUE_HANDLER_DEADLINE', 'no result within 5 ms', {
      cause: new Error('s3cret'),
    });
    expect(loggedError(error)).toEqual({ reason: 'no result within 5 ms' });
  });

  it('is said even of what cannot be looked at', () => {
    const error = new Error('s3cret');
    Object.defineProperty(error, 'name', {
      get: () => {
        throw error;
      },
    });
    expect(loggedError(error)).toEqual({ reason: 'something that cannot be looked at' });
  });
});
