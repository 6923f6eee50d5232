import { deadLetter, GlueError, messageOf, type Clock, type Outcome } from 'glue-core';
import type { Delivery, DispatchContext, OutboundHandler, OutboundRequest } from '../delivery.js';
import type { OutboundEndpointConfig } from '../endpoint/endpoint-config.js';
import { reservedHeaderProblem } from '../endpoint/reserved-headers.js';
import type { OutboundHooks } from '../outbound-backend.js';
import { overrideRequest } from '../render/override-request.js';
import { renderRequest } from '../render/render-request.js';
import { renderingError } from '../render/rendering-error.js';
import { askHook, HookFault, type HookName } from './ask-hook.js';
import type { DeliveryCause, Verdict } from './classify.js';
import { deeplyFrozen } from './deeply-frozen.js';
import { readBaseUrl, readDecision, readGate, readHeaders } from './hook-answer.js';

/** Who has a say in a request. */
export interface Shapers {
  readonly config: OutboundEndpointConfig;
  /** What the endpoint's proofs write: nobody else may. */
  readonly reservedHeaders: ReadonlyMap<string, string>;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly hooks?: OutboundHooks | undefined;
  readonly handler?: OutboundHandler | undefined;
}

/** A request to send, or a verdict when there is nothing to send. */
export type Prepared =
  | { readonly kind: 'request'; readonly request: OutboundRequest }
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly error?: unknown };

/**
 * Gate → base URL → headers → render → handler. Never throws: what goes wrong is a verdict with its cause.
 * @param context.signal - ends every hook; each has its own that ends at its deadline too
 */
export async function prepareRequest(
  delivery: Delivery,
  { config, reservedHeaders, userAgent, clock, hooks, handler }: Shapers,
  context: DispatchContext,
): Promise<Prepared> {
  const limits = { clock, limitMs: config.deadlineMs, signal: context.signal };
  try {
    if (hooks?.checkDispatchAllowed) {
      const refusal = await askHook(
        'checkDispatchAllowed',
        limits,
        (signal) => hooks.checkDispatchAllowed?.(delivery, { ...context, signal }),
        readGate,
      );
      if (refusal) return decided(refusal, 'gate');
    }
    const baseUrl =
      hooks?.outboundBaseUrl &&
      (await askHook('outboundBaseUrl', limits, () => hooks.outboundBaseUrl?.(delivery), readBaseUrl));
    const headers =
      hooks?.outboundHeaders &&
      (await askHook(
        'outboundHeaders',
        limits,
        () => hooks.outboundHeaders?.(delivery),
        (answer) => readHeaders(answer, reservedHeaders),
      ));
    const request = renderRequest({
      ...{ delivery, config, userAgent },
      ...(baseUrl !== undefined && { baseUrl }),
      ...(headers && { headers }),
    });
    // Rules and hooks write none of them, so this one was queued with the delivery.
    const problem = reservedHeaderProblem(request.headers, reservedHeaders);
    if (problem !== undefined) throw renderingError(`${problem}, and was queued with the delivery too`);

    // The endpoint's handler wins over the backend's hook.
    const shaper = handler ?? hooks;
    if (!shaper?.handleDelivery) return { kind: 'request', request };
    const decision = await askHook(
      'handleDelivery',
      limits,
      (signal) => shaper.handleDelivery?.(delivery, deeplyFrozen(request), { ...context, signal }),
      (answer) => readDecision(answer, reservedHeaders),
    );
    if (!decision) return decided(deadLetter('handleDelivery returned nothing'), 'handler');
    if (decision.kind !== 'send') return decided(decision, 'handler');
    return { kind: 'request', request: overrideRequest(request, decision.overrides) };
  } catch (error) {
    return failed(error);
  }
}

/** What a gate or handler decided. A cause says why an attempt did not succeed: what is done or canceled has none. */
function decided(result: Outcome, cause: DeliveryCause): Prepared {
  const isEnd = result.kind === 'done' || result.kind === 'cancel';
  return verdict(isEnd ? { result } : { result, cause });
}

/**
 * What went wrong: code of the connector, which is tried again by policy, since its author can mend it; or the
 * delivery itself, which no other try would mend.
 */
function failed(error: unknown): Prepared {
  if (error instanceof HookFault) {
    const note = `${error.hook}: ${messageOf(error.thrown)}`;
    return {
      ...verdict({ result: { kind: 'failed', note }, cause: causeOf(error.hook) }),
      error: error.thrown,
    };
  }
  if (error instanceof GlueError && error.code === 'GLUE_RENDERING')
    return verdict({ result: deadLetter(error.message), cause: 'rendering' });
  const result = { kind: 'failed', note: messageOf(error), internal: true } as const;
  return { ...verdict({ result, cause: 'internal' }), error };
}

const causeOf = (hook: HookName): DeliveryCause => (hook === 'checkDispatchAllowed' ? 'gate' : 'handler');

const verdict = (value: Verdict): { kind: 'verdict'; verdict: Verdict } => ({
  kind: 'verdict',
  verdict: value,
});
