import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from 'glue-core';
import type { OutboundRequest, OutboundResponse } from '../delivery.js';
import type { AddressGuard } from './address-guard.js';
import type { GuardedAgents } from './guarded-agents.js';
import { ResponseReader, type ReadResponse } from './response-reader.js';
import { DeadlineError, sendFailure, type SendCause } from './send-failure.js';
import type { Transport } from './transport.js';

/** What came of sending a request. */
export type SendResult =
  | { readonly kind: 'response'; readonly response: OutboundResponse }
  /** `status` tells how far it came: set when headers had arrived. */
  | { readonly kind: 'failure'; readonly cause: SendCause; readonly note: string; readonly status?: number };

export interface SendOptions {
  /** Limit for connecting, headers and body together, in milliseconds. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  /** What its connection has that others do not. @defaultValue nothing */
  readonly transport?: Transport;
  /** Aborted when the result is wanted no more. */
  readonly signal: AbortSignal;
}

/** Sends requests. Redirects are not followed: they would lead past guard, signature and log. */
export class RequestSender {
  constructor(
    private readonly guard: AddressGuard,
    private readonly agents: GuardedAgents,
    private readonly clock: Clock,
  ) {}

  /** Sends one request and reads the response, up to its cap. Never throws: a failure is a result too. */
  async send(
    request: OutboundRequest,
    { timeoutMs, connectTimeoutMs, transport, signal }: SendOptions,
  ): Promise<SendResult> {
    const reader = new ResponseReader();
    const cancelTimer = this.clock.after(timeoutMs, () => reader.end(new DeadlineError(timeoutMs)));
    const stop = () =>
      reader.end(new Error('nobody waits for the result any more', { cause: signal.reason }));
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      const url = new URL(request.url);
      this.guard.checkUrl(url);
      this.agents.get(connectTimeoutMs, transport).dispatch(
        {
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: request.method,
          headers: request.headers,
          body: request.body ?? null,
          reset: this.agents.isCrowded,
        },
        reader,
      );
      const response = responseOf(await reader.response);
      // A turn later undici has freed the connection, so that the next delivery finds it.
      await new Promise(setImmediate);
      return { kind: 'response', response };
    } catch (error) {
      const { status } = reader;
      return {
        kind: 'failure',
        ...sendFailure(error, status !== undefined),
        ...(status !== undefined && { status }),
      };
    } finally {
      cancelTimer();
      signal.removeEventListener('abort', stop);
    }
  }

  /** Ends the connections of transports that nobody uses any more. */
  keepOnly(transportIds: ReadonlySet<string>): void {
    this.agents.keepOnly(transportIds);
  }

  /** Ends every connection. */
  close(): Promise<void> {
    return this.agents.close();
  }
}

function responseOf({ status, headers, bytes, truncated }: ReadResponse): OutboundResponse {
  return { status, headers: joined(headers), body: bytes.toString('utf8'), truncated };
}

function joined(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}
