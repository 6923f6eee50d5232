import type { OutboundEndpointConfig } from '../endpoint/endpoint-config.js';
import type { HealthRecord } from './record.js';

/** What follows from the record of an endpoint: 0 nothing, 1 the first warning, 2 the second. */
export interface Judgement {
  readonly warning: 0 | 1 | 2;
  /** Whether the endpoint is to be disabled. */
  readonly disables: boolean;
}

/** After which shares of the time there is a warning. */
const FIRST_WARNING = 0.5;
const SECOND_WARNING = 0.8;

const WELL: Judgement = { warning: 0, disables: false };

/**
 * Judges an endpoint of which only failures are heard. The time counts from the first to the last of them: one of which
 * nothing is heard any more, since nothing is sent, is not condemned by mere waiting. Pure.
 */
export function judge(
  { failingSince, failedAt, exhausted }: HealthRecord,
  { autoDisable }: Pick<OutboundEndpointConfig, 'autoDisable'>,
): Judgement {
  const afterMs = autoDisable.after * 1000;
  if (failingSince === undefined || failedAt === undefined || afterMs === 0) return WELL;
  const share = (failedAt - failingSince) / afterMs;
  if (share < FIRST_WARNING) return WELL;
  return {
    warning: share < SECOND_WARNING ? 1 : 2,
    disables: share >= 1 && exhausted >= autoDisable.exhausted,
  };
}
