import { withinDeadline, type Clock } from 'glue-core';

/** What code of a connector is asked for in one attempt, in this order. */
export type HookName =
  'checkDispatchAllowed' | 'outboundBaseUrl' | 'outboundHeaders' | 'handleDelivery' | 'handleResponse';

/** A hook or handler threw, took too long, or answered what cannot be used. What was thrown can be anything. */
export class HookFault extends Error {
  constructor(
    readonly hook: HookName,
    readonly thrown: unknown,
  ) {
    super(`${hook} failed`);
  }
}

/** What each hook is given: a deadline of its own, and an end when the attempt ends. */
export interface HookLimits {
  readonly clock: Clock;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks a hook, and reads its answer while it can still be told whose it is.
 * @param read - makes of the answer what is meant; throws when it cannot be used
 * @throws HookFault, and nothing else
 */
export async function askHook<T>(
  hook: HookName,
  { clock, limitMs, signal }: HookLimits,
  ask: (signal: AbortSignal) => unknown,
  read: (answer: unknown) => T,
): Promise<T> {
  try {
    return read(await withinDeadline(clock, limitMs, signal, async (own) => ask(own)));
  } catch (thrown) {
    throw new HookFault(hook, thrown);
  }
}
