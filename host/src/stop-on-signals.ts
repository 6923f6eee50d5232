import type { Host } from './host.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** The part of `process` that is used here. */
export interface SignalSource {
  on(signal: (typeof SIGNALS)[number], listener: () => void): unknown;
  exit(code: number): unknown;
}

/**
 * Stops the host in order at the first SIGTERM or SIGINT, and ends the process: with 0, or with 1 where something could
 * not be stopped. A second signal ends it at once.
 * What was in flight is taken up again by the next start, so that is safe too.
 */
export function stopOnSignals(host: Pick<Host, 'stop'>, source: SignalSource = process): void {
  let signals = 0;
  const onSignal = (): void => {
    signals += 1;
    if (signals > 1) return void source.exit(1);
    void host.stop().then((left) => source.exit(left.length === 0 ? 0 : 1));
  };
  for (const signal of SIGNALS) source.on(signal, onSignal);
}
