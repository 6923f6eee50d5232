import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** Bytes of a response that are kept. */
export const RESPONSE_CAP_BYTES = 65_536;
/** Interim responses (1xx) before the answer; more are a flood (RFC 9110, section 15.2, sets no limit). */
const MAX_INTERIM_RESPONSES = 20;

/** A response as it was read. */
export interface ReadResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** Whether there was more than is kept. */
  readonly truncated: boolean;
}

/** A receiver that sends interim responses without end. */
export class InterimFloodError extends Error {
  override readonly name = 'InterimFloodError';
}

/**
 * Reads one response up to the cap. What comes after is not read: the connection is ended, since to read a gigabyte
 * so as to keep a connection costs more than a new one.
 */
export class ResponseReader implements Dispatcher.DispatchHandler {
  readonly #result = Promise.withResolvers<ReadResponse>();
  #bytes = Buffer.alloc(0);
  /** Of what came, in bytes; more than the cap when it was cut. */
  #size = 0;
  #interim = 0;
  #status: number | undefined;
  #headers: IncomingHttpHeaders = {};
  #controller: Dispatcher.DispatchController | undefined;
  #endedBy: Error | undefined;

  /** Fails when no complete response comes. */
  get response(): Promise<ReadResponse> {
    return this.#result.promise;
  }

  /** Tells how far it came: set when headers had arrived. */
  get status(): number | undefined {
    return this.#status;
  }

  /** Ends the request, wherever it is. While a connection is dialled it is not begun any more. */
  end(reason: Error): void {
    this.#endedBy = reason;
    this.#controller?.abort(reason);
    this.#result.reject(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#endedBy) controller.abort(this.#endedBy);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) {
      this.#interim += 1;
      if (this.#interim > MAX_INTERIM_RESPONSES)
        this.end(new InterimFloodError(`more than ${MAX_INTERIM_RESPONSES} interim responses (1xx)`));
      return;
    }
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#keep(chunk);
    this.#size += chunk.length;
    if (this.#size <= RESPONSE_CAP_BYTES) return;
    this.onResponseEnd();
    controller.abort(new Error('enough was read'));
  }

  onResponseEnd(): void {
    this.#result.resolve({
      status: this.#status ?? 0,
      headers: this.#headers,
      bytes: this.#bytes.subarray(0, this.#size),
      truncated: this.#size > RESPONSE_CAP_BYTES,
    });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#result.reject(error);
  }

  /** Copied: one byte of a piece would hold a whole buffer of the socket in memory. */
  #keep(chunk: Buffer): void {
    const needed = Math.min(this.#size + chunk.length, RESPONSE_CAP_BYTES);
    if (needed > this.#bytes.length) {
      const larger = Buffer.alloc(Math.min(Math.max(needed, 2 * this.#bytes.length), RESPONSE_CAP_BYTES));
      this.#bytes.copy(larger, 0, 0, this.#size);
      this.#bytes = larger;
    }
    chunk.copy(this.#bytes, this.#size);
  }
}
