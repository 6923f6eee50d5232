import type { SendCause } from '../send/send-failure.js';

/**
 * Why there is no token. `internal`: our own configuration, or host; what it takes is a person, not another try, so it
 * uses up no retries. Anything else is the far side's, and is tried again by the endpoint's policy.
 */
export class TokenFailure {
  constructor(
    readonly cause: Exclude<SendCause, 'rendering'> | 'http_4xx' | 'http_5xx' | 'throttled',
    readonly reason: string,
    /** What the token endpoint asks to wait for at least. */
    readonly seconds?: number,
  ) {}
}
