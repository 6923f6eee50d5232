import fc from 'fast-check';
import type { FuzzedHost } from './children/host.ts';
import { KeptConnection, sendAlone } from './connection.ts';
import { isStorable, subjectOf } from './judge.ts';
import { isHonest, requestPlan, type RequestPlan } from './request-plan.ts';
import { eventKey, type StoredEvents } from './stored-events.ts';
import { subjects, type Subject } from './subjects.ts';
import { readWire } from './wire-request.ts';
import { writeRequest } from './write-request.ts';

/** What was seen so far. */
export interface FuzzCounts {
  requests: number;
  /** By status; `none` where the connection was closed without an answer. */
  readonly answers: Map<number | 'none', number>;
  stored: number;
  storedUnproven: number;
  /** Requests that were right in every way and not accepted. */
  refusedProven: number;
  /** What was wrong with the first few. */
  readonly faults: string[];
}

export interface FuzzRunOptions {
  readonly host: FuzzedHost;
  readonly stored: StoredEvents;
  readonly requests: number;
  readonly seed: number;
  /** Called after each batch. */
  readonly progress: (counts: FuzzCounts) => Promise<void>;
}

/** Requests that are under way at the same time. */
const BATCH = 50;
const SHOWN_FAULTS = 5;
const SHOWN_LENGTH = 4_000;
/** Endpoints that may refuse what is right, for others' sake. */
const FULL_NOW_AND_THEN = ['rated', 'crowded'];

/** Sends what fast-check makes to the host, and holds every answer and every stored event against the judge. */
export class FuzzRun {
  readonly counts: FuzzCounts = {
    requests: 0,
    answers: new Map(),
    stored: 0,
    storedUnproven: 0,
    refusedProven: 0,
    faults: [],
  };
  readonly #options: FuzzRunOptions;
  readonly #connections: readonly KeptConnection[];
  /** What was sent of the present batch. */
  #sent: Buffer[] = [];
  /** Keys of all events that may be stored. */
  readonly #storable = new Set<string>();
  readonly #byPath: ReadonlyMap<string, Subject>;

  constructor(options: FuzzRunOptions) {
    this.#options = options;
    const { port, endpoints } = options.host;
    this.#connections = Array.from({ length: BATCH }, () => new KeptConnection(port));
    this.#byPath = new Map(endpoints.map(({ path, subject }) => [path, subjectNamed(subject)]));
  }

  async run(): Promise<void> {
    const { requests, seed } = this.#options;
    const batches = fc.asyncProperty(fc.array(requestPlan, { minLength: BATCH, maxLength: BATCH }), (plans) =>
      this.#sendAll(plans),
    );
    await fc.assert(batches, { seed, numRuns: Math.ceil(requests / BATCH), endOnFailure: true });
    for (const connection of this.#connections) connection.close();
    await this.look();
  }

  /** Holds against the judge what was stored since the last look. */
  async look(): Promise<void> {
    for (const { key, endpointId, body } of await this.#options.stored.look()) {
      this.counts.stored += 1;
      if (this.#storable.has(key)) continue;
      this.counts.storedUnproven += 1;
      this.#note(`stored at endpoint ${endpointId}, but not proven`, this.#sentWith(body));
    }
  }

  async #sendAll(plans: readonly RequestPlan[]): Promise<void> {
    this.#sent = [];
    await Promise.all(
      this.#connections.flatMap((connection, index) => {
        const plan = plans[index];
        return plan ? [this.#send(plan, connection)] : [];
      }),
    );
    await this.look();
    await this.#options.progress(this.counts);
  }

  async #send(plan: RequestPlan, connection: KeptConnection): Promise<void> {
    const { port, endpoints } = this.#options.host;
    const path = endpoints.find(({ subject }) => subject === plan.subject.name)?.path ?? '';
    const nowMs = Date.now();
    const bytes = writeRequest(plan, path, nowMs);
    this.#sent.push(bytes);
    const { requests, isClean } = readWire(bytes);
    const mustPass = requests.filter((request) => this.#judge(request, nowMs)).length > 0 && isHonest(plan);
    const isKept = isClean && requests.length === 1;
    const statuses = isKept
      ? [await connection.ask(bytes, requests[0]?.method === 'HEAD')]
      : await sendAlone(port, bytes);
    this.#count(statuses.length > 0 ? statuses : [undefined], bytes);
    const isFull = FULL_NOW_AND_THEN.includes(plan.subject.name) && statuses.includes(429);
    if (!mustPass || isFull || statuses.some((status) => status !== undefined && status < 300)) return;
    this.counts.refusedProven += 1;
    this.#note(`right, but answered ${statuses.join()}`, bytes);
  }

  /** Notes what may be stored of a request. @returns whether it may */
  #judge(request: Parameters<typeof isStorable>[0], nowMs: number): boolean {
    const subject = subjectOf(request, this.#byPath);
    if (!subject || !isStorable(request, subject, nowMs)) return false;
    const endpoint = this.#options.host.endpoints.find((each) => each.subject === subject.name);
    this.#storable.add(eventKey(endpoint?.id ?? 0, request.body));
    return true;
  }

  #count(statuses: readonly (number | undefined)[], bytes: Buffer): void {
    const { answers } = this.counts;
    this.counts.requests += 1;
    for (const status of statuses) {
      answers.set(status ?? 'none', (answers.get(status ?? 'none') ?? 0) + 1);
      if (status !== undefined && status >= 500) this.#note(`answered ${status}`, bytes);
    }
  }

  /** What was sent of the present batch that a body may have come from; else the body. */
  #sentWith(body: Buffer): Buffer {
    const has = (bytes: Buffer): boolean =>
      bytes.includes(body) || readWire(bytes).requests.some((request) => request.body.equals(body));
    return this.#sent.find(has) ?? body;
  }

  #note(what: string, bytes: Buffer): void {
    if (this.counts.faults.length >= SHOWN_FAULTS) return;
    this.counts.faults.push(`${what}: ${JSON.stringify(bytes.toString('latin1')).slice(0, SHOWN_LENGTH)}`);
  }
}

function subjectNamed(name: string): Subject {
  const found = subjects.find((subject) => subject.name === name);
  if (!found) throw new Error(`there is no subject ${name}`);
  return found;
}
