import type { IncomingMessage, ServerResponse } from 'node:http';
import { GlueError, messageOf, type Clock, type Logger } from 'glue-core';
import type { EndpointDirectory } from '../endpoint/endpoint-directory.js';
import type { OpenEndpoint } from '../endpoint/open-endpoint.js';
import type { EventLog } from '../store/event-log.js';
import type { RejectionLog } from '../store/rejection-log.js';
import { accepted, refusalAnswers, unavailable, writeAnswer, type Answer } from './answers.js';
import type { RawRequest } from './raw-request.js';
import { discardBody } from './read-body.js';
import { receiveRequest, signatureHeaderOf } from './receive-request.js';
import { redactHeaders } from './redact-headers.js';
import { Refusal } from './refusal.js';

const PREFIX = '/webhooks/in/';
/** Between two lines about requests that the store did not take, in milliseconds. */
const LOG_PAUSE_MS = 1_000;
const SEGMENT = /^[A-Za-z0-9._-]{1,128}$/;

export interface ListenerOptions {
  readonly directory: EndpointDirectory;
  readonly events: EventLog;
  readonly rejections: RejectionLog;
  readonly clock: Clock;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
  readonly logger: Logger;
}

/** The HTTP edge: from a request to an answer, whatever the request. */
export class InboundListener {
  readonly #running = new Set<Promise<void>>();
  #refusing = false;
  /** Requests that were not accepted since the last line about them. */
  #unlogged = 0;
  #loggedAtMs = -Infinity;

  constructor(private readonly options: ListenerOptions) {}

  /** Serves its own URLs and leaves the others, unread, to `next`. */
  readonly listen = (
    request: IncomingMessage & { originalUrl?: string },
    response: ServerResponse,
    next?: (error?: unknown) => void,
  ): void => {
    const url = request.originalUrl ?? request.url ?? '';
    if (!url.startsWith(PREFIX)) {
      if (next) return next();
      return writeAnswer(response, refusalAnswers.unknown_endpoint);
    }
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

  async #serve(request: IncomingMessage, response: ServerResponse, url: string): Promise<void> {
    const answer = this.#refusing
      ? { ...unavailable, headers: { ...unavailable.headers, connection: 'close' } }
      : await this.#answer(request, url);
    writeAnswer(response, answer);
    discardBody(request, this.options.clock);
  }

  async #answer(request: IncomingMessage, url: string): Promise<Answer> {
    const path = pathOf(url);
    const open = SEGMENT.test(path) ? this.options.directory.findByPath(path) : undefined;
    try {
      return await this.#receive(request, url, path, open);
    } catch (error) {
      // Nothing that a caller sends leads here: the database is away, too much waits, or a fault of ours.
      const fields = { endpoint: open?.code, reason: messageOf(error) };
      if (error instanceof GlueError && error.retryable) this.#warnNowAndThen(fields);
      else
        this.options.logger.error(
          { ...fields, stack: error instanceof Error ? error.stack : undefined },
          'a request could not be received',
        );
      return unavailable;
    }
  }

  /** A store that is away refuses hundreds a second: they share a line. */
  #warnNowAndThen(fields: object): void {
    const now = this.options.clock.monotonic();
    this.#unlogged += 1;
    if (now - this.#loggedAtMs < LOG_PAUSE_MS) return;
    this.options.logger.warn({ ...fields, requests: this.#unlogged }, 'requests were not accepted');
    this.#unlogged = 0;
    this.#loggedAtMs = now;
  }

  async #receive(
    incoming: IncomingMessage,
    url: string,
    path: string,
    open: OpenEndpoint | undefined,
  ): Promise<Answer> {
    const reject = (refusal: Refusal, proven?: RawRequest): Answer => {
      this.#reject(incoming, path, open, refusal, proven);
      return refusalAnswers[refusal.cause];
    };
    if (!open) return reject(new Refusal('unknown_endpoint', 'there is no such path'));
    if (open.state !== 'active')
      return reject(new Refusal('endpoint_inactive', `the endpoint is ${open.state}`));
    if (incoming.method !== 'POST') return reject(new Refusal('method', 'only POST is answered'));
    if (open.status !== 'ready') return reject(new Refusal('configuration', open.reason));
    const { clock, now } = this.options;
    const { proven, result } = await receiveRequest(incoming, url, open, clock, now);
    if (result instanceof Refusal) return reject(result, proven);
    const { eventId } = await this.options.events.append(result);
    return accepted(eventId);
  }

  #reject(
    incoming: IncomingMessage,
    path: string,
    open: OpenEndpoint | undefined,
    { cause, detail }: Refusal,
    proven?: RawRequest,
  ): void {
    this.options.rejections.record({
      cause,
      detail,
      path,
      headers: redactHeaders(
        incoming.headersDistinct,
        open?.status === 'ready' ? signatureHeaderOf(open.endpoint.config) : undefined,
      ),
      ...(open && { endpointId: open.id }),
      ...(proven && { body: proven.body }),
      ...(incoming.socket.remoteAddress !== undefined && { remoteAddress: incoming.socket.remoteAddress }),
    });
  }
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return url.slice(PREFIX.length, query < 0 ? undefined : query);
}
