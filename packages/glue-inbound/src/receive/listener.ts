import type { IncomingMessage, ServerResponse } from 'node:http';
import { GlueError, loggedError, type Clock, type Logger } from 'glue-core';
import type { EndpointDirectory } from '../endpoint/endpoint-directory.js';
import type { OpenEndpoint } from '../endpoint/open-endpoint.js';
import type { EndpointCounts } from '../store/endpoint-counts.js';
import type { EventLog } from '../store/event-log.js';
import type { RejectionLog } from '../store/rejection-log.js';
import { Admission } from './admission.js';
import { admitRequest } from './admit-request.js';
import {
  refusalAnswer,
  stopping,
  unavailable,
  writeAnswer,
  type Answer,
  type RefusalHeaders,
} from './answers.js';
import type { Arrival, ReceiveTools, Refused } from './arrival.js';
import { BodyMemory } from './body-memory.js';
import { clientAddress } from './client-address.js';
import { discardBody } from './read-body.js';
import { redactHeaders } from './redact-headers.js';
import { Refusal } from './refusal.js';
import { SparseLog } from './sparse-log.js';

const PREFIX = '/webhooks/in/';
const METHODS: ReadonlyMap<string | undefined, Arrival['method']> = new Map([
  ['POST', 'POST'],
  ['GET', 'GET'],
  ['HEAD', 'GET'],
]);
const SEGMENT = /^[A-Za-z0-9._-]{1,128}$/;

export interface ListenerOptions {
  readonly directory: EndpointDirectory;
  readonly events: EventLog;
  readonly rejections: RejectionLog;
  readonly counts: EndpointCounts;
  /** Proxies in front, each of which appends to `X-Forwarded-For`. */
  readonly trustedProxies: number;
  /** For the bodies of all requests that are not answered yet. */
  readonly maxBufferedBytes: number;
  readonly clock: Clock;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
  readonly logger: Logger;
}

/** The HTTP edge: from a request to an answer, whatever the request. */
export class InboundListener {
  readonly #running = new Set<Promise<void>>();
  readonly #tools: ReceiveTools;
  #refusing = false;
  readonly #refusedLog: SparseLog;
  readonly #failedLog: SparseLog;

  constructor(private readonly options: ListenerOptions) {
    const { clock, now, logger, events, counts, maxBufferedBytes } = options;
    this.#refusedLog = new SparseLog(clock, (fields) => logger.warn(fields, 'requests were not accepted'));
    this.#failedLog = new SparseLog(clock, (fields) =>
      logger.error(fields, 'a request could not be received'),
    );
    this.#tools = {
      clock,
      now,
      admission: new Admission(() => clock.monotonic()),
      memory: new BodyMemory(maxBufferedBytes),
      append: async (event) => {
        const { eventId } = await events.append(event);
        counts.add(event.endpointId, 'accepted');
        return eventId;
      },
    };
  }

  /** Serves its own URLs and leaves the others, unread, to `next`. */
  readonly listen = (
    request: IncomingMessage & { originalUrl?: string },
    response: ServerResponse,
    next?: (error?: unknown) => void,
  ): void => {
    const url = request.originalUrl ?? request.url ?? '';
    if (!url.startsWith(PREFIX) && next) return next();
    const running = this.#serve(request, response, url).finally(() => this.#running.delete(running));
    this.#running.add(running);
  };

  /** From now on every request is asked to come again. */
  refuse(): void {
    this.#refusing = true;
  }

  /** Resolves when every request is answered. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse, url: string): Promise<void> {
    const answer = this.#refusing ? stopping : await this.#answer(incoming, url);
    writeAnswer(response, answer);
    discardBody(incoming, this.options.clock);
  }

  async #answer(incoming: IncomingMessage, url: string): Promise<Answer> {
    const path = pathOf(url);
    const open = SEGMENT.test(path) ? this.options.directory.findByPath(path) : undefined;
    // Asked for now: a connection that has closed does not know it any more.
    const { remoteAddress } = incoming.socket;
    const address = (): string | undefined => this.#addressOf(incoming, remoteAddress);
    try {
      const result = await this.#receive(incoming, url, open, address);
      if (!('refusal' in result)) return result;
      this.#record(incoming, path, open, result, address());
      return refusalAnswer(result.refusal, refusalHeadersOf(open));
    } catch (error) {
      // Nothing that a caller sends leads here: the database is away, too much waits, or a fault of ours or a connector's.
      const endpoint = open?.code;
      if (error instanceof GlueError && error.retryable)
        this.#refusedLog.tell(() => ({ endpoint, reason: error.message }));
      else this.#failedLog.tell(() => ({ endpoint, ...loggedError(error) }));
      return unavailable;
    }
  }

  async #receive(
    incoming: IncomingMessage,
    url: string,
    open: OpenEndpoint | undefined,
    address: Arrival['address'],
  ): Promise<Answer | Refused> {
    if (!open) return refused('unknown_endpoint', 'there is no such path');
    if (open.state !== 'active') return refused('endpoint_inactive', `the endpoint is ${open.state}`);
    const method = METHODS.get(incoming.method);
    const answersGet = open.status === 'ready' && open.edge.challenges.GET.length > 0;
    if (!method || (method === 'GET' && !answersGet)) return refused('method', 'the method is not answered');
    if (open.status !== 'ready') return refused('configuration', open.reason);
    return admitRequest({ incoming, url, method, address }, open, this.#tools);
  }

  #addressOf({ headersDistinct }: IncomingMessage, remoteAddress: string | undefined): string | undefined {
    return clientAddress(remoteAddress, headersDistinct['x-forwarded-for'], this.options.trustedProxies);
  }

  #record(
    incoming: IncomingMessage,
    path: string,
    open: OpenEndpoint | undefined,
    { refusal: { cause, detail }, proven }: Refused,
    remoteAddress: string | undefined,
  ): void {
    if (cause === 'configuration') this.#refusedLog.tell(() => ({ endpoint: open?.code, reason: detail }));
    if (open) this.options.counts.add(open.id, 'rejected');
    this.options.rejections.record({
      cause,
      detail,
      path,
      headers: redactHeaders(incoming.headersDistinct, open?.secretHeaders),
      ...(open && { endpointId: open.id }),
      ...(proven && { body: proven.body }),
      ...(remoteAddress !== undefined && { remoteAddress }),
    });
  }
}

function refused(cause: Refusal['cause'], detail: string): Refused {
  return { refusal: new Refusal(cause, detail) };
}

function refusalHeadersOf(open: OpenEndpoint | undefined): RefusalHeaders {
  if (open?.status !== 'ready') return { allow: 'POST' };
  return { allow: open.edge.allow, wwwAuthenticate: open.verifier.wwwAuthenticate };
}

/** Empty for a URL that is not ours. */
function pathOf(url: string): string {
  if (!url.startsWith(PREFIX)) return '';
  const query = url.indexOf('?');
  return url.slice(PREFIX.length, query < 0 ? undefined : query);
}
