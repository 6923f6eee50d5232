import type { OutboundRequest } from '../delivery.js';
import type { OutboundEndpoint } from '../endpoint/endpoint-directory.js';
import type { AddressGuard } from '../send/address-guard.js';
import type { Egress } from '../send/egress.js';
import type { RequestSender, SendResult } from '../send/send-request.js';
import type { Transport } from '../send/transport.js';
import { tokenUrlRefusal } from '../send/token-url-refusal.js';

/** What asking takes. */
export interface AskingTools {
  readonly guard: Pick<AddressGuard, 'checkUrl' | 'allowsHost'>;
  readonly sender: RequestSender;
  /** Of the connector of a backend type; undefined: nothing limits it. */
  readonly egressOf: (backendType: string) => Egress | undefined;
  readonly userAgent: string;
}

/** Others wait for the answer too: it ends at its own deadline, and with the host. */
const UNENDING = new AbortController().signal;

/** Asks a token endpoint as receivers are called: past egress and guard, read to a cap, within the endpoint's time. */
export async function askForToken(
  request: OutboundRequest,
  { backend, config }: Pick<OutboundEndpoint, 'backend' | 'config'>,
  transport: Transport,
  { guard, egressOf, sender, userAgent }: AskingTools,
): Promise<SendResult> {
  const refusal = tokenUrlRefusal(new URL(request.url), backend && egressOf(backend.type), guard);
  if (refusal !== undefined) return { kind: 'failure', cause: 'blocked_address', note: refusal };
  const headers = { ...request.headers, 'user-agent': userAgent };
  const { timeoutMs, connectTimeoutMs } = config;
  const options = { timeoutMs, connectTimeoutMs, transport, signal: UNENDING };
  return sender.send({ ...request, headers }, options);
}
