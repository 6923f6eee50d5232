import { types } from 'node:util';
import { messageOf, stackOf } from '../errors/glue-error.js';
import type { AttemptResult } from './work-source.js';

/** What was thrown: tried again by policy, its stack kept. */
export function surprise(thrown: unknown): AttemptResult {
  const note = messageOf(thrown);
  return {
    result: {
      kind: 'failed',
      note: types.isNativeError(thrown) ? note : `something that is no Error was thrown: ${note}`,
    },
    cause: 'handler',
    error: stackOf(thrown),
  };
}
