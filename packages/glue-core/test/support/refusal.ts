import { expect } from '@jest/globals';
import type { ErrorCode } from '../../src/errors/error-table.js';
import type { GlueError } from '../../src/errors/glue-error.js';

/** Matches a GlueError with the code whose message contains the words; for `toThrow` and `rejects.toEqual`. */
export function refusal(code: ErrorCode, words: string | RegExp = ''): GlueError {
  const message = typeof words === 'string' ? expect.stringContaining(words) : expect.stringMatching(words);
  return expect.objectContaining({ name: 'GlueError', code, message }) as unknown as GlueError;
}
