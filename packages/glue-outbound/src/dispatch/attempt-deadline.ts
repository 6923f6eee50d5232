import type { OutboundEndpointConfig } from '../endpoint/endpoint-config.js';

/** How long `handleResponse` may take, in milliseconds. Its own limit: a delivery that was accepted stays accepted. */
export const RESPONSE_HOOK_MS = 10_000;
/** Hooks that may be asked before the request is sent, each for the endpoint's `deadlineMs`. */
const HOOKS_BEFORE_SENDING = 4;
/** Added to the sum of an attempt's own limits, so that these end it and not the queue. In milliseconds. */
const SLACK_MS = 5_000;

/** How long an attempt may take in all, in milliseconds. */
export function attemptDeadlineMs({
  deadlineMs,
  timeoutMs,
}: Pick<OutboundEndpointConfig, 'deadlineMs' | 'timeoutMs'>): number {
  return HOOKS_BEFORE_SENDING * deadlineMs + timeoutMs + RESPONSE_HOOK_MS + SLACK_MS;
}
