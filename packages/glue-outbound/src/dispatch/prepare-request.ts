import { deadLetter, GlueError, isOutcome, messageOf } from 'glue-core';
import type {
  Delivery,
  DispatchContext,
  DispatchOutcome,
  OutboundHandler,
  OutboundRequest,
} from '../delivery.js';
import type { OutboundEndpointConfig } from '../endpoint/endpoint-config.js';
import type { OutboundHooks } from '../outbound-backend.js';
import { overrideRequest, renderRequest } from '../render/render-request.js';
import type { DeliveryCause, Verdict } from './classify.js';

/** Who has a say in a request. */
export interface Shapers {
  readonly config: OutboundEndpointConfig;
  readonly userAgent: string;
  readonly hooks?: OutboundHooks | undefined;
  readonly handler?: OutboundHandler | undefined;
}

/** A request to send, or a verdict when there is nothing to send. */
export type Prepared =
  | { readonly kind: 'request'; readonly request: OutboundRequest }
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly error?: unknown };

/** Gate → base URL → headers → render → handler. Never throws: what goes wrong is a verdict with its cause. */
export async function prepareRequest(
  delivery: Delivery,
  shapers: Shapers,
  context: DispatchContext,
): Promise<Prepared> {
  let stage: DeliveryCause = 'gate';
  try {
    const refusal = await shapers.hooks?.checkDispatchAllowed?.(delivery, context);
    if (refusal !== undefined) return decided(stage, refusal);
    stage = 'handler';
    const request = await render(delivery, shapers);
    const shape = shaperOf(shapers);
    if (!shape) return { kind: 'request', request };
    const decision: DispatchOutcome | undefined = await shape(delivery, request, context);
    if (decision === undefined)
      return verdict({ result: deadLetter('handleDelivery returned nothing'), cause: stage });
    if (decision.kind !== 'send') return decided(stage, decision);
    return { kind: 'request', request: overrideRequest(request, decision.overrides) };
  } catch (error) {
    return failed(stage, error);
  }
}

/** What a failed stage means: rendering cannot get better by itself, everything else may. */
export function failed(stage: DeliveryCause, error: unknown): Prepared {
  if (error instanceof GlueError && error.code === 'GLUE_RENDERING')
    return verdict({ result: deadLetter(error.message), cause: 'rendering' });
  return { ...verdict({ result: { kind: 'failed', note: messageOf(error) }, cause: stage }), error };
}

async function render(delivery: Delivery, { config, userAgent, hooks }: Shapers): Promise<OutboundRequest> {
  const baseUrl = await hooks?.outboundBaseUrl?.(delivery);
  const headers = await hooks?.outboundHeaders?.(delivery);
  return renderRequest({
    delivery,
    config,
    userAgent,
    ...(baseUrl !== undefined && { baseUrl }),
    ...(headers !== undefined && { headers }),
  });
}

/** The endpoint's handler wins over the backend's hook. */
function shaperOf({ handler, hooks }: Shapers): OutboundHandler['handleDelivery'] | undefined {
  return handler ? handler.handleDelivery.bind(handler) : hooks?.handleDelivery?.bind(hooks);
}

function decided(stage: DeliveryCause, outcome: unknown): Prepared {
  if (isOutcome(outcome)) return verdict({ result: outcome, cause: stage });
  throw new GlueError(
    'GLUE_OUTCOME_UNKNOWN',
    `the ${stage} returned something that is no outcome: use done(), retry(), deadLetter() or cancel()`,
  );
}

const verdict = (value: Verdict): { kind: 'verdict'; verdict: Verdict } => ({
  kind: 'verdict',
  verdict: value,
});
