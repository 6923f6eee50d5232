import { messageOf, nextStep, stackOf, type AttemptContext, type AttemptResult, type Clock } from 'glue-core';
import type {
  Delivery,
  DeliveryState,
  OutboundHandler,
  OutboundRequest,
  OutboundResponse,
} from '../delivery.js';
import type { OutboundEndpoint } from '../endpoint/endpoint-directory.js';
import type { EndpointMeans } from '../endpoint/open-endpoint.js';
import { hasOutboundHooks, type OutboundHooks } from '../outbound-backend.js';
import { egressProblem } from '../send/egress.js';
import type { EndpointHealth } from '../health/endpoint-health.js';
import type { Releases } from '../health/releases.js';
import { healthSignal } from '../health/signal.js';
import { RESPONSE_HOOK_MS } from './attempt-deadline.js';
import { askHook, HookFault } from './ask-hook.js';
import { attemptColumns } from './attempt-record.js';
import { askForToken, type AskingTools } from './ask-for-token.js';
import { classifyFailure, type Verdict } from './classify.js';
import { deeplyFrozen } from './deeply-frozen.js';
import { deliveryOf, type OutboundItem } from './delivery-item.js';
import { prepareRequest } from './prepare-request.js';
import { redactionOf, secretsIn, type Redact } from './redact.js';
import { sendProven } from './send-proven.js';

export interface DispatchTools extends AskingTools {
  readonly clock: Clock;
  readonly health: EndpointHealth;
  readonly releases: Pick<Releases, 'holds'>;
  /** Secrets of a backend, to be kept out of the log. */
  readonly secretsOf: (backend: NonNullable<Delivery['backend']>) => readonly string[];
  /** Takes an endpoint out of service whose receiver is gone. */
  readonly disableEndpoint: (endpoint: OutboundEndpoint, reason: string) => Promise<void>;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
}

const CUT_SHORT =
  'the host gave the attempt up before handleResponse, or what else follows an answer, had ended';

/** One attempt, with everybody who takes part. */
interface Run {
  readonly item: OutboundItem;
  readonly delivery: Delivery;
  readonly endpoint: OutboundEndpoint;
  readonly means: EndpointMeans;
  readonly hooks: OutboundHooks | undefined;
  readonly handler: OutboundHandler | undefined;
  /** In clear, to be kept out of the log. */
  readonly backendSecrets: readonly string[];
  readonly context: AttemptContext;
  readonly tools: DispatchTools;
}

/** What is known of an attempt so far. */
interface Progress {
  readonly verdict: Verdict;
  readonly request?: OutboundRequest;
  readonly response?: OutboundResponse;
  /** Of a response that broke off. */
  readonly status?: number;
  readonly error?: unknown;
}

/** Tries one delivery: gate → render → authenticate → sign → send → classify → tell the endpoint's health → tell the backend. */
export async function dispatchDelivery(
  item: OutboundItem,
  context: AttemptContext,
  tools: DispatchTools,
): Promise<AttemptResult> {
  const { endpoint, means, backend, handler } = item.target;
  const hooks = backend && hasOutboundHooks(backend) ? backend : undefined;
  const made = deliveryOf(item, endpoint, context.attempt);
  const delivery = hooks || handler ? deeplyFrozen(made) : made;
  const run: Run = {
    ...{ item, delivery, endpoint, means, hooks, handler, context, tools },
    backendSecrets: backendSecretsOf(delivery, endpoint, tools),
  };

  const hear = tools.health.begin(endpoint);
  // Whatever happens, the endpoint's health hears of it: a probe that nobody heard of would hold all others.
  const progress = await prepareAndSend(run).catch(ourFault);
  hear(healthSignal(progress, stateAfter(run, progress.verdict), tools.now()));
  const redact = redactionFor(run, progress.request);
  const result = attemptResult(run, progress, redact);
  if (!progress.response) return result;
  // The receiver has answered: whatever ends us in what follows, nothing is sent again for it.
  context.decided({ ...result, error: CUT_SHORT });
  if (progress.verdict.cause === 'gone')
    await tools.disableEndpoint(endpoint, 'the receiver answered 410 Gone');
  const error = await tellBackend(run, progress.response, progress.verdict);
  return error === undefined ? result : { ...result, error: redact(stackOf(error)) };
}

async function prepareAndSend(run: Run): Promise<Progress> {
  const { delivery, context, means, tools } = run;
  const { config } = run.endpoint;
  const prepared = await prepareRequest(
    delivery,
    {
      config,
      reservedHeaders: means.reservedHeaders,
      userAgent: tools.userAgent,
      clock: tools.clock,
      hooks: run.hooks,
      handler: run.handler,
    },
    { attempt: context.attempt, signal: context.signal, logger: context.logger },
  );
  if (prepared.kind === 'verdict') return prepared;

  const refusal = egressRefusal(run, prepared.request);
  if (refusal) return { request: prepared.request, verdict: refusal };
  return sendProven(prepared.request, {
    ...{ config, means, deliveryId: delivery.id, signal: context.signal },
    ...{ clock: tools.clock, sender: tools.sender, now: tools.now },
    ask: (request, transport) => askForToken(request, run.endpoint, transport, tools),
  });
}

/** What nobody foresaw is no fault of the receiver, and none of the delivery. */
function ourFault(error: unknown): Progress {
  const result = { kind: 'failed', note: messageOf(error), internal: true } as const;
  return { verdict: { result, cause: 'internal' }, error };
}

/**
 * A connector calls only the hosts that it declares. Its hooks shape the request, and its secrets prove it, as long as the
 * endpoint is linked to a backend of it, whoever queued the delivery.
 */
function egressRefusal({ endpoint, tools }: Run, { url }: OutboundRequest): Verdict | undefined {
  const hostname = URL.canParse(url) ? new URL(url).hostname : '';
  const note = egressProblem(hostname, endpoint.backend && tools.egressOf(endpoint.backend.type));
  return note === undefined ? undefined : classifyFailure({ cause: 'blocked_address', note });
}

/** @returns the error of the hook, which is recorded and changes nothing */
async function tellBackend(run: Run, response: OutboundResponse, verdict: Verdict): Promise<unknown> {
  const { delivery, hooks, context, tools } = run;
  if (!hooks?.handleResponse) return undefined;
  const state = stateAfter(run, verdict);
  const limits = { clock: tools.clock, limitMs: RESPONSE_HOOK_MS, signal: context.signal };
  try {
    await askHook(
      'handleResponse',
      limits,
      () => hooks.handleResponse?.(delivery, deeplyFrozen(response), state),
      () => undefined,
    );
    return undefined;
  } catch (error) {
    return error instanceof HookFault ? error.thrown : error;
  }
}

/** What becomes of the delivery. */
function stateAfter({ item }: Run, { result }: Verdict): DeliveryState {
  return nextStep(result, item.failures, item.retryPolicy, 0).state;
}

/**
 * Found before hooks are asked, who may know them when the settings have changed. The endpoint may be another backend's
 * than when this was queued.
 */
function backendSecretsOf(queued: Delivery, now: OutboundEndpoint, { secretsOf }: DispatchTools): string[] {
  return [queued.backend, now.backend].flatMap((backend) => (backend ? secretsOf(backend) : []));
}

/** The last of each endpoint, with the secrets that it is for: to make one takes longer than to sign. */
const redactions = new WeakMap<
  EndpointMeans,
  { readonly secrets: readonly string[]; readonly redact: Redact }
>();

/** Takes every secret that took part out of what the log keeps. */
function redactionFor({ backendSecrets, means }: Run, request: OutboundRequest | undefined): Redact {
  const secrets = [...backendSecrets, ...means.secrets(), ...(request ? secretsIn(request.headers) : [])];
  const last = redactions.get(means);
  if (last?.secrets.length === secrets.length && secrets.every((each, at) => each === last.secrets[at]))
    return last.redact;
  const redact = redactionOf(secrets);
  redactions.set(means, { secrets, redact });
  return redact;
}

function attemptResult({ means }: Run, { verdict, error, ...seen }: Progress, redact: Redact): AttemptResult {
  const { result, cause } = verdict;
  return {
    result: result.note === undefined ? result : { ...result, note: redact(result.note) },
    ...(cause !== undefined && { cause }),
    ...(error !== undefined && { error: redact(stackOf(error)) }),
    side: attemptColumns(seen, redact, means.secretHeaders),
  };
}
