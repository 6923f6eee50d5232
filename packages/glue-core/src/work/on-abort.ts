/** Per signal one listener, however many calls wait for it. */
const callsOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls once when a signal is aborted, at once when it is. Much cheaper than a listener each (or `AbortSignal.any`) where
 * thousands a second wait for the same signal.
 * @returns a function that forgets the call
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  if (signal.aborted) {
    call();
    return () => {};
  }
  const calls = callsOf.get(signal) ?? listen(signal);
  calls.add(call);
  return () => calls.delete(call);
}

function listen(signal: AbortSignal): Set<() => void> {
  const calls = new Set<() => void>();
  callsOf.set(signal, calls);
  signal.addEventListener('abort', () => [...calls].forEach((call) => call()), { once: true });
  return calls;
}
