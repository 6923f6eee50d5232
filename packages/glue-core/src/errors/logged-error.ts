import { types } from 'node:util';
import { GlueError } from './glue-error.js';

/** What a log tells of an error. */
export interface LoggedError {
  readonly reason: string;
  /** Where one of foreign code was made, without its message. */
  readonly stack?: string;
}

const FRAME = /^\s+at .{1,300}$/;
const MAX_FRAMES = 20;
/** What a name or a code of an error looks like. Anything else may be what the code was given. */
const WORD = /^[\w$.-]{1,64}$/;

/**
 * What may stand in a log about anything that was thrown. Our own messages hold nothing secret. Those of foreign code
 * repeat what it was given (`JSON.parse` cites the text, a database the values), so of these the log has the kind, the
 * code and the place; the message is kept with the record, if anywhere.
 */
export function loggedError(error: unknown): LoggedError {
  try {
    if (!isError(error)) return { reason: `something that is no Error was thrown (${typeof error})` };
    if (error instanceof GlueError) return { reason: error.message };
    const code = 'code' in error ? error.code : undefined;
    const words = [error.name, typeof code === 'number' ? `${code}` : code].filter(isWord);
    const frames = framesOf(error);
    return {
      reason: words.join(' ') || 'an error without a name',
      ...(frames !== '' && { stack: frames }),
    };
  } catch {
    return { reason: 'something that cannot be looked at' };
  }
}

const isWord = (value: unknown): value is string => typeof value === 'string' && WORD.test(value);
const isError = (thrown: unknown): thrown is Error => thrown instanceof Error || types.isNativeError(thrown);

/** The lines at the end of a stack that are frames: the message stands before them, and may have lines of its own. */
function framesOf({ stack }: Error): string {
  const lines = typeof stack === 'string' ? stack.split('\n') : [];
  const start = lines.findLastIndex((line) => !FRAME.test(line)) + 1;
  return lines
    .slice(start, start + MAX_FRAMES)
    .map((line) => line.trim())
    .join('\n');
}
