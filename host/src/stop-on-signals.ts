import type { Host } from './host.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** The part of `process` that is used here. */
export interface SignalSource {
  on(signal: (typeof SIGNALS)[number], listener: () => void): unknown;
  exit(code: number): unknown;
}

/**
 * Stops the host in order at the first SIGTERM or SIGINT; a second one ends the process at once.
 * What was in flight is taken up again by the next start, so that is safe too.
 */
export function stopOnSignals(host: Pick<Host, 'stop'>, source: SignalSource = process): void {
  let signals = 0;
  const onSignal = (): void => {
    signals += 1;
    if (signals > 1) return void source.exit(1);
    void host.stop().then(() => source.exit(0));
  };
  for (const signal of SIGNALS) source.on(signal, onSignal);
}
