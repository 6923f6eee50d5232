import { createHmac } from 'node:crypto';

export const SECRET = 'whsec_the secret of the fault tests';
const PATH = '/webhooks/in/relay';

/** What was answered to one request; 0 when nobody answered. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly tookMs: number;
  /** Id under which the event was stored, of a 202. */
  readonly eventId?: string;
}

/** An event to send; further fields tell the connector `relay` how its handler is to behave. */
export interface SentEvent {
  readonly id: string;
  readonly [behaviour: string]: unknown;
}

/** Posts one signed event. */
export async function post(
  url: string,
  event: { readonly id: string; readonly [field: string]: unknown },
): Promise<Answer> {
  const body = JSON.stringify(event);
  const at = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', SECRET).update(`${at}.${body}`).digest('hex');
  const headers = { 'content-type': 'application/json', 'stripe-signature': `t=${at},v1=${signature}` };
  const startedAt = performance.now();
  const took = (): number => performance.now() - startedAt;
  try {
    const signal = AbortSignal.timeout(30_000);
    const answer = await fetch(url + PATH, { method: 'POST', headers, body, signal });
    const text = await answer.text();
    const common = { status: answer.status, retryAfter: answer.headers.get('retry-after'), tookMs: took() };
    if (answer.status !== 202) return common;
    const { event_id } = JSON.parse(text) as { event_id: string };
    return { ...common, eventId: event_id };
  } catch {
    return { status: 0, retryAfter: null, tookMs: took() };
  }
}

/** A provider with several connections: sends events one after another, and again, with the same id, until they are accepted. */
export class Sender {
  /** Ids that were answered 202. */
  readonly accepted = new Set<string>();
  /** The ids under which they are stored, as the answers say. */
  readonly eventIds = new Map<string, string>();
  readonly answers: Answer[] = [];
  #next = 0;
  #isSending = false;
  #isAbandoned = false;
  #running: Promise<unknown> = Promise.resolve();

  /**
   * @param hosts - where to send now; asked before each request, so that hosts can come and go
   * @param pauseMs - between two requests of one connection
   */
  constructor(
    private readonly hosts: () => readonly { readonly url: string }[],
    private readonly pauseMs = 0,
  ) {}

  start(connections = 8): void {
    this.#isSending = true;
    this.#running = Promise.all(Array.from({ length: connections }, () => this.#sendAll()));
    this.#running.catch(() => {}); // Told of by stop().
  }

  /** Begins no more events; resolves when those begun are accepted. */
  async stop(): Promise<void> {
    this.#isSending = false;
    await this.#running;
  }

  /** Ends at once and leaves what is not accepted: after a test that failed. */
  abandon(): void {
    this.#isSending = false;
    this.#isAbandoned = true;
  }

  async #sendAll(): Promise<void> {
    while (this.#isSending) {
      this.#next += 1;
      await this.send({ id: `evt_${this.#next}` });
      if (this.pauseMs > 0) await sleep(this.pauseMs);
    }
  }

  /** Sends one event until it is accepted. */
  async send(event: SentEvent): Promise<void> {
    for (let tries = 0; tries < 10_000; tries += 1) {
      if (this.#isAbandoned) return;
      const hosts = this.hosts();
      const host = hosts[(this.#next + tries) % Math.max(1, hosts.length)];
      if (host) {
        const answer = await post(host.url, event);
        this.answers.push(answer);
        if (answer.eventId !== undefined) return this.#accept(event.id, answer.eventId);
      }
      await sleep(25);
    }
    throw new Error(`${event.id} was never accepted`);
  }

  #accept(id: string, eventId: string): void {
    this.accepted.add(id);
    this.eventIds.set(id, eventId);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
