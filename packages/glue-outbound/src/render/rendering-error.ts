import { GlueError } from 'glue-core';

/** The request cannot be made from the delivery; another try would not help. */
export function renderingError(message: string, cause?: unknown): GlueError {
  return new GlueError('GLUE_RENDERING', message, cause === undefined ? {} : { cause });
}
