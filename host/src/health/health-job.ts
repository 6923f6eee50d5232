import type { Outbound } from 'glue-outbound';
import type { PeriodicJob } from '../clock/periodic-job.js';

const EVERY_MS = 60_000;

/** Warns of outbound endpoints of which only failures are heard, and disables them in the end. */
export function healthJob(outbound: Pick<Outbound, 'checkHealth'>): PeriodicJob {
  return { name: 'glue-health', everyMs: EVERY_MS, run: (signal) => outbound.checkHealth(signal) };
}
