import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { openFixture, type Fixture } from '../support/outbound-fixture.js';
import { flood, openRawReceiver, type RawAnswers, type RawReceiver } from '../support/raw-receiver.js';
import { openSqlite } from '../support/test-database.js';

const OK = 'HTTP/1.1 200 OK\r\n';
const REDIRECT =
  'HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest/\r\ncontent-length: 0\r\n\r\n';

/** What an attempt must come to: the cause on its row, and what becomes of the delivery. */
type Expected = readonly [cause: string | undefined, state: 'done' | 'retrying' | 'dead_letter'];

const says =
  (text: string, then: 'end' | 'reset' | 'stay' = 'stay') =>
  (socket: Socket) => {
    socket.write(text, 'latin1', () => {
      if (then === 'end') socket.end();
      if (then === 'reset') socket.resetAndDestroy();
    });
  };

const answers: readonly [what: string, answers: RawAnswers, expected: Expected][] = [
  ['closes as soon as it accepts', { accept: (socket) => socket.destroy() }, ['reset', 'retrying']],
  ['closes without an answer', { answer: says('', 'end') }, ['reset', 'retrying']],
  ['closes within the head', { answer: says(`${OK}x-a: `, 'end') }, ['reset', 'retrying']],
  [
    'closes within a body of known length',
    { answer: says(`${OK}content-length: 9\r\n\r\nabc`, 'end') },
    ['reset', 'retrying'],
  ],
  [
    'closes within a body of known length, as it said it would',
    { answer: says(`${OK}connection: close\r\ncontent-length: 9\r\n\r\nabc`, 'end') },
    ['reset', 'retrying'],
  ],
  [
    'closes within a chunked body',
    { answer: says(`${OK}transfer-encoding: chunked\r\n\r\n9\r\nabc`, 'end') },
    ['reset', 'retrying'],
  ],
  ['resets the connection before it answers', { answer: says('', 'reset') }, ['reset', 'retrying']],
  [
    'resets the connection within the body',
    { answer: says(`${OK}content-length: 9\r\n\r\nabc`, 'reset') },
    ['reset', 'retrying'],
  ],
  ['speaks HTTP/1.0', { answer: says('HTTP/1.0 200 OK\r\n\r\nfine', 'end') }, [undefined, 'done']],
  ['speaks HTTP/1.0, without a body', { answer: says('HTTP/1.0 204 x\r\n\r\n', 'end') }, [undefined, 'done']],
  ['speaks HTTP/0.9', { answer: says('<html>hello</html>', 'end') }, ['protocol', 'retrying']],
  ['speaks HTTP/2', { answer: says('\0\0\x12\x04\0\0\0\0\0\0\0') }, ['protocol', 'retrying']],
  ['speaks garbage', { answer: says('\xff\x00\x17garbage\r\n\r\n') }, ['protocol', 'retrying']],
  [
    'speaks before it is asked',
    { accept: says(`${OK}content-length: 0\r\n\r\n`), answer: says(`${OK}content-length: 0\r\n\r\n`) },
    [undefined, 'done'],
  ],
  [
    'sends a few interim responses',
    { answer: says(`${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(3)}${OK}content-length: 0\r\n\r\n`) },
    [undefined, 'done'],
  ],
  [
    'floods interim responses',
    { answer: (socket) => flood(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n') },
    ['protocol', 'retrying'],
  ],
  [
    'goes on although nobody waited for that',
    { answer: says('HTTP/1.1 100 Continue\r\n\r\n') },
    ['protocol', 'retrying'],
  ],
  [
    'switches the protocol',
    { answer: says('HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n') },
    ['protocol', 'retrying'],
  ],
  ['redirects to a metadata service', { answer: says(REDIRECT) }, ['protocol', 'dead_letter']],
  [
    'floods headers',
    {
      answer: (socket) => {
        socket.write(OK);
        flood(socket, 'x-a: b\r\n');
      },
    },
    ['too_large', 'retrying'],
  ],
  [
    'sends a header that never ends',
    {
      answer: (socket) => {
        socket.write(`${OK}x-a: `);
        flood(socket, 'a');
      },
    },
    ['too_large', 'retrying'],
  ],
  [
    'floods trailers',
    {
      answer: (socket) => {
        socket.write(`${OK}transfer-encoding: chunked\r\n\r\n0\r\n`);
        flood(socket, 'x-a: b\r\n');
      },
    },
    ['too_large', 'retrying'],
  ],
  [
    'answers 204 with a body',
    { answer: says('HTTP/1.1 204 x\r\ncontent-length: 4\r\n\r\nbody') },
    [undefined, 'done'],
  ],
  [
    'gives two lengths',
    { answer: says(`${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nab`) },
    ['protocol', 'retrying'],
  ],
  [
    'gives a length and chunks',
    { answer: says(`${OK}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`) },
    ['protocol', 'retrying'],
  ],
  [
    'gives a length that no number holds',
    { answer: says(`${OK}content-length: ${'9'.repeat(40)}\r\n\r\n`) },
    ['protocol', 'retrying'],
  ],
  [
    'gives a chunk of negative size',
    { answer: says(`${OK}transfer-encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n`) },
    ['protocol', 'retrying'],
  ],
  ['sends a NUL in a header', { answer: says(`${OK}x-a: \0\r\n\r\n`) }, ['protocol', 'retrying']],
  ['sends a status that is none', { answer: says('HTTP/1.1 99999 x\r\n\r\n') }, ['protocol', 'retrying']],
];

describe('a hostile receiver', () => {
  let fixture: Fixture;
  let receiver: RawReceiver;
  let suffix = 0;
  const unforeseen: unknown[] = [];
  const note = (reason: unknown) => void unforeseen.push(reason);

  beforeAll(async () => {
    process.on('unhandledRejection', note).on('uncaughtException', note);
    fixture = await openFixture(await openSqlite(), { allowHosts: ['127.0.0.1'] });
  });
  afterEach(() => receiver.close());
  afterAll(async () => {
    await fixture.close();
    process.off('unhandledRejection', note).off('uncaughtException', note);
  });

  /** Sends one delivery to it. @returns the delivery and its attempt */
  async function deliverTo(raw: RawAnswers, payload = 'x', clockMs = 0) {
    receiver = await openRawReceiver(raw);
    suffix += 1;
    await fixture.addEndpoint(`r${suffix}`, { baseUrl: `http://127.0.0.1:${receiver.port}` });
    return queue(payload, clockMs);
  }

  async function queue(payload = 'x', clockMs = 0) {
    const endpoint = await fixture.instance().outboundEndpoint({ codeSuffix: `r${suffix}` });
    const { id } = await endpoint.queueDelivery({ payload });
    if (clockMs > 0) fixture.clock.advance(clockMs);
    await fixture.outbound.queue.idle();
    const [attempt] = await fixture.outbound.deliveries.attempts(id);
    return { delivery: await fixture.outbound.deliveries.get(id), attempt };
  }

  it.each(answers)('that %s', async (_, raw, [cause, state]) => {
    const { delivery, attempt } = await deliverTo(raw);
    expect([attempt?.cause, delivery?.state]).toEqual([cause, state]);
    expect(receiver.connections).toBe(1);
    expect(unforeseen).toEqual([]);
  });

  it.each<[string, RawAnswers]>([
    ['accepts and says nothing', {}],
    ['drips its head', { answer: (socket) => drip(socket, `${OK}x-a: ${'a'.repeat(900)}`) }],
    ['drips its body', { answer: (socket) => drip(socket, `${OK}content-length: 9999\r\n\r\naaaa`) }],
    [
      'drips sizes of chunks',
      { answer: (socket) => drip(socket, `${OK}transfer-encoding: chunked\r\n\r\n1;${'a'.repeat(900)}`) },
    ],
  ])('that %s has no more than the endpoint gives', async (_, raw) => {
    // One drop a second, by the clock of the sender, which is turned by hand.
    const { accept = () => setImmediate(tick) } = raw;
    const turn = raw.answer
      ? { answer: (socket: Socket, text: string) => (raw.answer?.(socket, text), setImmediate(tick)) }
      : { accept };
    let seconds = 0;
    const { delivery, attempt } = await deliverTo({ ...raw, ...turn });
    expect([attempt?.cause, delivery?.state]).toEqual(['timeout', 'retrying']);
    expect(seconds).toBe(15);
    await receiver.closed();

    function tick(): void {
      if (seconds === 15) return;
      seconds += 1;
      fixture.clock.advance(1_000);
      setImmediate(tick);
    }
  });

  it('that answers before it has read the request is heard', async () => {
    const answer = says('HTTP/1.1 413 x\r\ncontent-length: 0\r\n\r\n');
    const accept = (socket: Socket) => socket.once('data', () => socket.pause());
    const { delivery, attempt } = await deliverTo({ accept, answer }, 'x'.repeat(900_000));
    expect([attempt?.cause, attempt?.status, delivery?.state]).toEqual(['http_4xx', 413, 'dead_letter']);
  });

  it('that says more than it was asked does not answer the next request by that', async () => {
    const answer = says(`${OK}content-length: 0\r\n\r\n${OK}content-length: 0\r\nx-poison: 1\r\n\r\n`);
    const first = await deliverTo({ answer });
    const second = await queue();
    for (const { delivery, attempt } of [first, second]) {
      expect(delivery?.state).toBe('done');
      expect(JSON.stringify(attempt?.response)).not.toContain('x-poison');
    }
    expect(receiver.connections).toBe(2);
  });

  function drip(socket: Socket, text: string): void {
    let at = 0;
    const drop = (): void => {
      if (socket.destroyed) return;
      socket.write(text.charAt(at));
      at += 1;
      fixture.clock.after(1_000, drop);
    };
    drop();
  }
});
