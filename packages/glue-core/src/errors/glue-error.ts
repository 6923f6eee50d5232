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

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
