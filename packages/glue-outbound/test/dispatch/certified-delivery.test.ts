import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { NewDelivery } from 'glue-core';
import { makeAuthority, makeClientCertificate, type Certificate } from '../support/certificates.js';
import { API_KEY, openFixture, type Fixture } from '../support/outbound-fixture.js';
import { openTlsReceiver, type TlsReceiver } from '../support/tls-receiver.js';
import { openSqlite } from '../support/test-database.js';

const mtls = { mode: 'mtls', certificate: {} };
const pem = ({ cert, key }: Certificate) => `${cert}\n${key}`;

describe('a delivery over a connection that says who connects', () => {
  let authority: Certificate;
  let one: Certificate;
  let two: Certificate;
  let receiver: TlsReceiver;
  let fixture: Fixture;
  let lane: number;

  beforeAll(async () => {
    authority = await makeAuthority();
  });
  beforeEach(async () => {
    receiver = await openTlsReceiver(authority);
    fixture = await openFixture(await openSqlite(), { allowHosts: ['localhost'] });
    // By the fixture's clock, which says when they count, and by that of TLS.
    const days = 2 + Math.max(0, Math.ceil((Date.now() - fixture.clock.now()) / 86_400_000));
    const at = Math.min(Date.now(), fixture.clock.now());
    const more = { by: authority, at, days: days + 400 };
    one = await makeClientCertificate('one', more);
    two = await makeClientCertificate('two', more);
  });
  afterEach(async () => {
    await fixture.close();
    await receiver.close();
  });

  const code = (suffix = 'out') => `fake-${fixture.backend.id}-${suffix}`;
  const secrets = () => fixture.outbound.endpoints.secrets;
  const settled = async () => {
    await fixture.changeFeed.look();
    await fixture.outbound.queue.idle();
  };
  async function addEndpoint(config: object = {}, suffix = 'out'): Promise<void> {
    const common = { baseUrl: receiver.url, authorities: authority.cert, authentication: mtls };
    lane = await fixture.addEndpoint(suffix, { ...common, ...config });
  }
  async function addCertificate(
    certificate: Certificate,
    more: object = {},
    suffix = 'out',
  ): Promise<string> {
    const secret = { value: pem(certificate), usedFor: 'certificate', ...more } as const;
    const { id } = await secrets().add(code(suffix), secret, 'test');
    await settled();
    return id;
  }
  async function dispatch(suffix = 'out', delivery: NewDelivery = { payload: { a: 1 } }): Promise<string> {
    const endpoint = await fixture.instance().outboundEndpoint({ codeSuffix: suffix });
    const { id } = await endpoint.queueDelivery(delivery);
    await fixture.outbound.queue.idle();
    return id;
  }
  const get = (id: string) => fixture.outbound.deliveries.get(id);
  const attempts = (id: string) => fixture.outbound.deliveries.attempts(id);

  it('is held while there is no certificate, and goes with it when there is one', async () => {
    await addEndpoint();
    const id = await dispatch();
    expect(await get(id)).toMatchObject({ state: 'held' });
    await addCertificate(one);
    expect(await get(id)).toMatchObject({ state: 'done', attempts: 1 });
    expect(receiver.clients).toEqual(['one']);
  });

  it('has a certificate of its backend’s settings, or its own, which goes before it', async () => {
    await fixture.backends.update(fixture.backend, { settings: { apiKey: pem(two) } }, 'test');
    await fixture.registry.refresh();
    await addEndpoint({
      authentication: { mode: 'mtls', certificate: { secrets: [{ setting: 'apiKey' }] } },
    });
    await settled();
    await dispatch();
    await addCertificate(one);
    await dispatch();
    expect(receiver.clients).toEqual(['two', 'one']);
  });

  it('takes the newest certificate that counts; the connections of the old one are closed', async () => {
    await addEndpoint();
    const first = await addCertificate(one);
    await dispatch();
    await addCertificate(two, { notBefore: fixture.clock.now() + 60_000 });
    await dispatch();
    fixture.clock.advance(60_000);
    await dispatch();
    expect(receiver.clients).toEqual(['one', 'one', 'two']);
    expect(receiver.connections).toEqual({ made: 2, open: 2 });
    await secrets().remove(code(), first, 'test');
    await settled();
    // Ends, or the test does not.
    while (receiver.connections.open > 1) await new Promise((resolve) => setTimeout(resolve, 5));
    await dispatch();
    expect(receiver.clients.at(-1)).toBe('two');
    expect(receiver.connections.made).toBe(2);
  });

  it('never goes over the connection of another endpoint’s certificate', async () => {
    await addEndpoint();
    await addEndpoint({}, 'other');
    await addCertificate(one);
    await addCertificate(two, {}, 'other');
    for (const suffix of ['out', 'other', 'out', 'other']) await dispatch(suffix);
    expect(receiver.clients).toEqual(['one', 'two', 'one', 'two']);
    expect(receiver.connections.made).toBe(2);
  });

  it('is tried again, as any other, when the receiver does not take its certificate', async () => {
    await addEndpoint();
    await addCertificate(await makeClientCertificate('stranger', { at: fixture.clock.now(), days: 999 }));
    const id = await dispatch();
    expect(await get(id)).toMatchObject({ state: 'retrying' });
    expect(['tls', 'reset']).toContain((await attempts(id))[0]?.cause);
    expect(receiver.clients).toEqual([]);
  });

  it('does not reach a receiver whose authority nobody named', async () => {
    await addEndpoint({ authorities: undefined });
    await addCertificate(one);
    expect(await attempts(await dispatch())).toMatchObject([{ cause: 'tls' }]);
    expect(receiver.clients).toEqual([]);
  });

  it('waits, without using up a retry, when its certificate has ended', async () => {
    await addEndpoint();
    const at = fixture.clock.now() - 10 * 86_400_000;
    await addCertificate(await makeClientCertificate('old', { by: authority, at, days: 1 }));
    const id = await dispatch();
    expect(await get(id)).toMatchObject({
      state: 'retrying',
      note: expect.stringContaining('no certificate of the endpoint counts at this time, or all have ended'),
    });
    expect(await fixture.database('glue_deliveries').first('failures')).toEqual({ failures: 0 });
    await addCertificate(one);
    await fixture.wakeAfter(10_000, lane);
    expect(await get(id)).toMatchObject({ state: 'done' });
  });

  it('does not go to a receiver without TLS, to whom it would prove nothing', async () => {
    await addEndpoint({ baseUrl: receiver.url.replace('https', 'http') });
    await addCertificate(one);
    const { problems } = await fixture.outbound.endpoints.getByCode(code());
    expect(problems).toEqual(['config.baseUrl: a client certificate proves nothing without https']);
    expect(await attempts(await dispatch())).toMatchObject([
      { cause: 'internal', note: expect.stringContaining('proves nothing without https') },
    ]);
    expect(receiver.connections.made).toBe(0);
  });

  it('may carry a token or a password as well', async () => {
    await addEndpoint({
      authentication: { mode: 'bearer', secrets: [{ setting: 'apiKey' }], certificate: {} },
    });
    await addCertificate(one);
    await dispatch();
    expect([receiver.clients, receiver.authorizations]).toEqual([['one'], [`Bearer ${API_KEY}`]]);
  });

  it('may carry a token that is asked for over such a connection, which is all that proves the client', async () => {
    const server = await openTlsReceiver(authority);
    server.answer = {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ access_token: 'bound', token_type: 'Bearer' }),
    };
    const authentication = { mode: 'oauth2', tokenUrl: server.url, clientId: 'glue', certificate: {} };
    await addEndpoint({ authentication: { ...authentication, clientAuthentication: 'tls_client_auth' } });
    await addCertificate(one);
    await dispatch();
    expect([server.clients, server.authorizations]).toEqual([['one'], [undefined]]);
    expect([receiver.clients, receiver.authorizations]).toEqual([['one'], ['Bearer bound']]);
    await server.close();
  });

  it('leaves no key in log and answers, whoever repeats it', async () => {
    await addEndpoint();
    await addCertificate(one);
    receiver.answer = { status: 500, body: JSON.stringify({ plain: one.key, whole: pem(one) }) };
    const id = await dispatch();
    const rows = await fixture.database('glue_delivery_attempts');
    const line = one.key.split('\n')[1] ?? '';
    expect(line.length).toBeGreaterThan(40);
    expect(JSON.stringify([rows, await attempts(id), await get(id)])).not.toContain(line);
  });

  it('cannot be active without a certificate that can be used', async () => {
    const { endpoints } = fixture.outbound;
    const config = { baseUrl: 'https://api.example.com', authentication: mtls };
    await endpoints.create({ name: 'C', code: 'c', config }, 'test');
    const activate = () => endpoints.setState('c', 'active', 'test');
    await expect(activate()).rejects.toMatchObject({
      problems: [expect.stringContaining('authentication: it has no certificate (none is named): set it')],
    });
    const value = one.cert + two.key;
    const { id } = await secrets().add('c', { value, usedFor: 'certificate' }, 'test');
    await expect(activate()).rejects.toMatchObject({
      problems: [
        expect.stringContaining(
          `the endpoint's own secret ${id} has a private key that is not that of its first certificate`,
        ),
      ],
    });
  });
});
