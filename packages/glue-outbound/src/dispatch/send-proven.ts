import type { OutboundRequest, OutboundResponse } from '../delivery.js';
import type { OutboundEndpointConfig } from '../endpoint/endpoint-config.js';
import type { EndpointMeans } from '../endpoint/open-endpoint.js';
import type { RequestSender, SendResult } from '../send/send-request.js';
import type { Transport } from '../send/transport.js';
import { Unsendable } from '../sign/unsendable.js';
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
export interface SendingTools extends Omit<ProvingMoment, 'leftMs' | 'ask'> {
  readonly config: OutboundEndpointConfig;
  readonly means: EndpointMeans;
  readonly sender: RequestSender;
  /** Asks a token endpoint. Never throws. */
  readonly ask: (request: OutboundRequest, transport: Transport) => Promise<SendResult>;
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
  { config, means, sender, ask, ...moment }: SendingTools,
): Promise<Sent> {
  const transport = transportOf(prepared, means, moment.now());
  if (transport instanceof Unsendable) return { request: prepared, verdict: classifyUnproven(transport) };
  const asking = { ask: (request: OutboundRequest) => ask(request, transport), leftMs };
  const proven = await proveRequest(prepared, means, { ...moment, ...asking });
  if (isUnproven(proven)) return { request: prepared, verdict: classifyUnproven(proven) };
  const { request, refused } = proven;
  const limits = { timeoutMs: leftMs(), connectTimeoutMs: config.connectTimeoutMs, transport };
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

/** Without TLS a certificate proves nothing: nothing goes unproven. */
function transportOf(
  { url }: OutboundRequest,
  { transports }: EndpointMeans,
  nowMs: number,
): Transport | Unsendable {
  const transport = transports.at(nowMs);
  if (transport instanceof Unsendable || !transport.certificate || isHttps(url)) return transport;
  return new Unsendable(
    'internal',
    'a client certificate proves nothing without https: give the receiver as https',
  );
}

const isHttps = (url: string) => URL.canParse(url) && new URL(url).protocol === 'https:';

function withNote({ result, ...verdict }: Verdict, more: string): Verdict {
  const note = result.note === undefined ? more : `${result.note}; ${more}`;
  return { ...verdict, result: { ...result, note } };
}
