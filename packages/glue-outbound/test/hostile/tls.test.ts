import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from 'glue-core';
import { AddressGuard } from '../../src/send/address-guard.js';
import { GuardedAgents } from '../../src/send/guarded-agents.js';
import { RequestSender } from '../../src/send/send-request.js';
import { makeAuthority, makeCertificate, type Certificate } from '../support/certificates.js';
import { openRawReceiver, type RawReceiver } from '../support/raw-receiver.js';

describe('a receiver with TLS', () => {
  const before = getCACertificates('default');
  const guard = new AddressGuard({ hosts: ['localhost'], cidrs: [] });
  let sender: RequestSender;
  let authority: Certificate;
  let receiver: RawReceiver | undefined;

  beforeAll(async () => {
    authority = await makeAuthority();
    setDefaultCACertificates([...before, authority.cert]);
    sender = new RequestSender(guard, new GuardedAgents(guard), new ManualClock());
  });
  afterEach(() => receiver?.close());
  afterAll(async () => {
    await sender.close();
    setDefaultCACertificates(before);
  });

  async function sendTo(tls: object) {
    receiver = await openRawReceiver({
      tls,
      answer: (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
    });
    return sender.send(
      { method: 'POST', url: `https://localhost:${receiver.port}/`, headers: {}, body: 'x' },
      { timeoutMs: 15_000, connectTimeoutMs: 5_000, signal: new AbortController().signal },
    );
  }

  it('is spoken to when its certificate is in order', async () => {
    expect(await sendTo(await makeCertificate('localhost', 2, authority))).toMatchObject({
      response: { status: 200 },
    });
  });

  it.each<[string, () => Promise<object>, RegExp]>([
    ['is expired', () => makeCertificate('localhost', -1, authority), /^CERT_HAS_EXPIRED$/],
    ['is signed by itself', () => makeCertificate('localhost', 2), /SELF_SIGNED|UNABLE_TO_VERIFY/],
    ['is of another host', () => makeCertificate('other.example', 2, authority), /ALTNAME_INVALID$/],
    [
      'is in order, but the protocol is of yesterday',
      async () => ({
        ...(await makeCertificate('localhost', 2, authority)),
        ...{ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' },
      }),
      /^(?:ERR_SSL_\w+|EPROTO)$/,
    ],
  ])('whose certificate %s gets nothing', async (_, tls, note) => {
    expect(await sendTo(await tls())).toEqual({
      kind: 'failure',
      cause: 'tls',
      note: expect.stringMatching(note),
    });
  });
});
