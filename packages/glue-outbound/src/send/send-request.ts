import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from 'glue-core';
import type { OutboundRequest, OutboundResponse } from '../delivery.js';
import type { AddressGuard } from './address-guard.js';
import type { GuardedAgents } from './guarded-agents.js';
import { readCapped } from './read-capped.js';
import { sendFailure, type SendCause } from './send-failure.js';

/** What came of sending a request. */
export type SendResult =
  | { readonly kind: 'response'; readonly response: OutboundResponse }
  /** `status` tells how far it came: set when headers had arrived. */
  | { readonly kind: 'failure'; readonly cause: SendCause; readonly note: string; readonly status?: number };

export interface SendOptions {
  /** Limit for connecting, headers and body together, in milliseconds. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
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
    { timeoutMs, connectTimeoutMs, signal }: SendOptions,
  ): Promise<SendResult> {
    const deadline = new AbortController();
    const cancelTimer = this.clock.after(timeoutMs, () => deadline.abort());
    const wanted = AbortSignal.any([signal, deadline.signal]);
    const progress: { status?: number } = {};
    try {
      const url = new URL(request.url);
      this.guard.checkUrl(url);
      const answer = this.agents.get(connectTimeoutMs).request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: request.method,
        headers: { ...request.headers },
        body: request.body ?? null,
        signal: wanted,
      });
      // While a connection is dialled, undici does not look at the signal.
      const { statusCode, headers, body } = await untilAborted(wanted, answer);
      progress.status = statusCode;
      const { bytes, truncated } = await readCapped(body);
      const response = {
        status: statusCode,
        headers: joined(headers),
        body: bytes.toString('utf8'),
        truncated,
      };
      return { kind: 'response', response };
    } catch (error) {
      if (deadline.signal.aborted)
        return {
          kind: 'failure',
          cause: 'timeout',
          note: `no complete response within ${timeoutMs} ms`,
          ...progress,
        };
      return { kind: 'failure', ...sendFailure(error), ...progress };
    } finally {
      cancelTimer();
    }
  }

  /** Ends every connection. */
  close(): Promise<void> {
    return this.agents.close();
  }
}

function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Error('aborted', { cause: signal.reason }));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject);
  });
}

function joined(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}
