import type { OutboundRequest, OutboundResponse } from '../delivery.js';
import type { OutboundEndpointConfig } from '../endpoint/endpoint-config.js';
import type { EndpointMeans } from '../endpoint/open-endpoint.js';
import type { RequestSender } from '../send/send-request.js';
import { classifyFailure, classifyResponse, type Verdict } from './classify.js';
import { classifyUnproven, isUnproven, proveRequest, type ProvingMoment } from './prove-request.js';

/** What a request goes through, and how far it came. */
export interface Sent {
  readonly verdict: Verdict;
  /** As it was sent; as it was to be proven where it was not. */
  readonly request: OutboundRequest;
  readonly response?: OutboundResponse;
  /** Of a response that broke off. */
  readonly status?: number;
  /** For a receiver that takes this for nobody (401): another try can say something else. */
  readonly refused?: () => void;
}

/** What proving and sending takes. */
export interface SendingTools extends Omit<ProvingMoment, 'leftMs'> {
  readonly config: OutboundEndpointConfig;
  readonly means: EndpointMeans;
  readonly sender: RequestSender;
}

/** Said of an attempt that took two requests. */
const AFTER_REFUSAL = 'the receiver had answered 401 to an older token';

/**
 * Proves and sends a request; and once more, within the same time, where the receiver answers 401 to a token that may be
 * older than it seemed.
 */
export async function sendProven(prepared: OutboundRequest, tools: SendingTools): Promise<Sent> {
  const begunAtMs = tools.clock.monotonic();
  const leftMs = () => Math.max(0, tools.config.timeoutMs - Math.floor(tools.clock.monotonic() - begunAtMs));
  const first = await sendOnce(prepared, leftMs, tools);
  if (first.response?.status !== 401 || first.verdict.cause === undefined || !first.refused) return first;
  first.refused();
  const second = await sendOnce(prepared, leftMs, tools);
  return { ...second, verdict: withNote(second.verdict, AFTER_REFUSAL) };
}

async function sendOnce(
  prepared: OutboundRequest,
  leftMs: () => number,
  { config, means, sender, ...moment }: SendingTools,
): Promise<Sent> {
  const proven = await proveRequest(prepared, means, { ...moment, leftMs });
  if (isUnproven(proven)) return { request: prepared, verdict: classifyUnproven(proven) };
  const { request, refused } = proven;
  const limits = { timeoutMs: leftMs(), connectTimeoutMs: config.connectTimeoutMs };
  const sent = await sender.send(request, { ...limits, signal: moment.signal });
  if (sent.kind === 'failure')
    return {
      request,
      verdict: classifyFailure(sent),
      ...(sent.status !== undefined && { status: sent.status }),
    };
  const { response } = sent;
  const answer = { status: response.status, retryAfter: response.headers['retry-after'] };
  const verdict = classifyResponse(answer, config, moment.now());
  return { request, response, verdict, ...(refused && { refused }) };
}

function withNote({ result, ...verdict }: Verdict, more: string): Verdict {
  const note = result.note === undefined ? more : `${result.note}; ${more}`;
  return { ...verdict, result: { ...result, note } };
}
