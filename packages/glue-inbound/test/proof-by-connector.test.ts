import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, type Logger } from 'glue-core';
import type { InboundHooks, InboundVerification } from '../src/inbound-backend.js';
import type { RawRequest } from '../src/receive/raw-request.js';
import { asReceived, verifierOf } from './support/verifying.js';

const NOW = Date.UTC(2026, 0, 1);
const request = asReceived({ headers: { 'X-Proof': 'yes' }, url: '/webhooks/in/x?a=1', body: 'hello' });
const signature = {
  cause: 'signature',
  detail: 'the connector does not take the request for its provider’s',
};
const configuration = {
  cause: 'configuration',
  detail: 'the connector could not verify the request: the log says why',
};

let clock: ManualClock;
let logged: object[];
let logger: Logger;

beforeEach(() => {
  clock = new ManualClock();
  logged = [];
  const ignore = () => {};
  logger = {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (fields) => void logged.push(fields),
    child: () => logger,
  };
});

/** An endpoint whose connector verifies by this code. */
function endpointWith(hook: unknown, own: object = {}, freshness?: object) {
  const backend = { settings: {}, verifyInboundRequest: hook } as { settings: object } & InboundHooks;
  const verifier = verifierOf(
    { mode: 'connector', ...own },
    { backend, clock, logger, ...(freshness && { freshness }) },
  );
  return { verify: async (sent: RawRequest = request) => verifier.verify(sent, NOW), verifier };
}

describe('verification by the connector’s own code', () => {
  it('is given the request as received and the shared time', async () => {
    const given: unknown[] = [];
    const { verify } = endpointWith(async (received: RawRequest, { nowMs, signal }: InboundVerification) => {
      given.push(received, nowMs, signal.aborted);
      return true;
    });
    expect(await verify()).toBeUndefined();
    expect(given).toEqual([request, NOW, false]);
  });

  it.each<[string, () => unknown, object | undefined, boolean]>([
    ['true', () => true, undefined, false],
    ['a promise of true', async () => true, undefined, false],
    ['false', () => false, signature, false],
    ['a promise of false', async () => false, signature, false],
    ['nothing', () => undefined, configuration, true],
    ['something that only looks true', async () => 'yes', configuration, true],
    ['an object', async () => ({ verified: true }), configuration, true],
    [
      'an error thrown',
      () => {
        throw new Error('no key');
      },
      configuration,
      true,
    ],
    ['a promise that fails', async () => Promise.reject(new Error('no key')), configuration, true],
    ['a promise that fails with no error', async () => Promise.reject(undefined), configuration, true],
  ])('answers %s', async (_name, hook, refusal, isLogged) => {
    const { verify } = endpointWith(hook);
    expect(await verify()).toEqual(refusal);
    expect(logged.length > 0).toBe(isLogged);
  });

  it('gives up at the deadline, and tells the code', async () => {
    let signal: AbortSignal | undefined;
    const { verify } = endpointWith(
      (_request: RawRequest, context: InboundVerification) => {
        signal = context.signal;
        return new Promise(() => {});
      },
      { deadlineMs: 700 },
    );
    const refused = verify();
    clock.advance(699);
    expect(signal?.aborted).toBe(false);
    clock.advance(1);
    expect(await refused).toEqual(configuration);
    expect(signal?.aborted).toBe(true);
    expect(logged).toEqual([{ reason: 'no result within 700 ms', requests: 1 }]);
  });

  it('lets one that hangs or throws harm no other', async () => {
    const { verify } = endpointWith(async ({ body }: RawRequest) => {
      if (body.toString() === 'hang') return new Promise(() => {});
      if (body.toString() === 'throw') throw new Error('no key');
      return true;
    });
    const hanging = verify(asReceived({ body: 'hang' }));
    expect(await verify(asReceived({ body: 'throw' }))).toEqual(configuration);
    expect(await verify()).toBeUndefined();
    clock.advance(5_000);
    expect(await hanging).toEqual(configuration);
  });

  it('writes one line a second, however many fail', async () => {
    const { verify } = endpointWith(async () => {
      throw new Error('no key');
    });
    for (let at = 0; at < 5; at += 1) await verify();
    const line = { reason: 'Error', stack: expect.stringMatching(/^at /) as unknown };
    expect(logged).toEqual([{ ...line, requests: 1 }]);
    clock.advance(1_000);
    await verify();
    expect(logged).toEqual([
      { ...line, requests: 1 },
      { ...line, requests: 5 },
    ]);
  });

  it('comes before freshness, which is judged as elsewhere', async () => {
    const freshness = { timestamp: { header: 'X-Time', format: 'unix_ms' } };
    const old = asReceived({ headers: { 'X-Time': String(NOW - 300_001) } });
    const fresh = asReceived({ headers: { 'X-Time': String(NOW - 300_000) } });
    const taking = endpointWith(async () => true, {}, freshness);
    expect(await taking.verify(old)).toMatchObject({ cause: 'freshness' });
    expect(await taking.verify(fresh)).toBeUndefined();
    expect(await endpointWith(async () => false, {}, freshness).verify(old)).toEqual(signature);
  });

  it('names the headers that are never kept', () => {
    const { verifier } = endpointWith(async () => true, { secretHeaders: ['X-Proof'] });
    expect(verifier.secretHeaders).toEqual(['x-proof']);
  });

  it('needs a backend, and that its class can verify', () => {
    expect(() => verifierOf({ mode: 'connector' })).toThrow('the endpoint is linked to no backend: link it');
    expect(() => endpointWith(undefined)).toThrow('the class of its backend has no verifyInboundRequest');
  });
});

// A promise that fails after its deadline must not end the process.
describe('a connector that fails late', () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  beforeEach(() => void process.on('unhandledRejection', note));
  afterEach(() => void process.off('unhandledRejection', note));

  it('is not heard any more', async () => {
    let fail = (_error: Error) => {};
    const { verify } = endpointWith(
      () =>
        new Promise((_resolve, reject) => {
          fail = reject;
        }),
    );
    const refused = verify();
    clock.advance(5_000);
    expect(await refused).toEqual(configuration);
    fail(new Error('too late'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });
});
