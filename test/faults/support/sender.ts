import { createHmac } from 'node:crypto';

export const SECRET = 'whsec_the secret of the fault tests';
const PATH = '/webhooks/in/relay';

/** What was answered to one request; 0 when nobody answered. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly tookMs: number;
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
    await answer.text();
    return { status: answer.status, retryAfter: answer.headers.get('retry-after'), tookMs: took() };
  } catch {
    return { status: 0, retryAfter: null, tookMs: took() };
  }
}

/** A provider with several connections: sends events one after another, and again until they are accepted. */
export class Sender {
  /** Ids that were answered 202. */
  readonly accepted = new Set<string>();
  readonly answers: Answer[] = [];
  #next = 0;
  #isSending = false;
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
  }

  /** Begins no more events; resolves when those begun are accepted. */
  async stop(): Promise<void> {
    this.#isSending = false;
    await this.#running;
  }

  async #sendAll(): Promise<void> {
    while (this.#isSending) {
      this.#next += 1;
      await this.#send(`evt_${this.#next}`);
      if (this.pauseMs > 0) await sleep(this.pauseMs);
    }
  }

  async #send(id: string): Promise<void> {
    for (let tries = 0; tries < 2_000; tries += 1) {
      const hosts = this.hosts();
      const host = hosts[(this.#next + tries) % Math.max(1, hosts.length)];
      if (host) {
        const answer = await post(host.url, { id });
        this.answers.push(answer);
        if (answer.status === 202) return void this.accepted.add(id);
      }
      await sleep(25);
    }
    throw new Error(`${id} was never accepted`);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
