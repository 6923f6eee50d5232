import { errorTable, type ErrorCode } from './error-table.js';

/**
 * The one error class of Glue. The code says what kind it is (see `errorTable`), the message which record
 * and the way out. Messages never hold secrets, headers or payloads.
 */
export class GlueError extends Error {
  override readonly name = 'GlueError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: { cause?: unknown; problems?: readonly string[] } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.problems = options.problems ?? [];
  }

  /** All problems found, where one call can have several; one readable line each. */
  readonly problems: readonly string[];

  /** HTTP status for this code. */
  get status(): number {
    return errorTable[this.code].status;
  }

  /** Whether the same call can succeed later without anybody changing anything. */
  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }

  /** Message, problems and what to do, as an operator reads it on a terminal. */
  describe(): string {
    const problems = this.problems.map((problem) => `\n  - ${problem}`).join('');
    return `${this.code}: ${this.message}${problems}\n  What to do: ${errorTable[this.code].action}`;
  }
}

/** The message of anything that was thrown. Foreign code throws what it likes, even what refuses to be text. */
export function messageOf(error: unknown): string {
  try {
    const isLikeError = typeof error === 'object' && error !== null && 'message' in error;
    return String(isLikeError ? error.message : error);
  } catch {
    return 'something that cannot be shown as text';
  }
}

/** Longer stacks are cut: a message in front of one can be of any length. */
const STACK_LENGTH = 16 * 1024;

/** Where an error was made, with its message; the message alone where there is no stack. */
export function stackOf(error: unknown): string {
  try {
    const stack = typeof error === 'object' && error !== null && 'stack' in error ? error.stack : undefined;
    return (typeof stack === 'string' ? stack : messageOf(error)).slice(0, STACK_LENGTH);
  } catch {
    return messageOf(error).slice(0, STACK_LENGTH);
  }
}
