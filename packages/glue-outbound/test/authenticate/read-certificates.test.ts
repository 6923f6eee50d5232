import { createPrivateKey } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { authoritiesProblem, readClientCertificate } from '../../src/authenticate/read-certificates.js';
import { makeAuthority, makeClientCertificate, type Certificate } from '../support/certificates.js';

const NOW = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

describe('a client certificate', () => {
  let authority: Certificate;
  let own: Certificate;
  let other: Certificate;

  beforeAll(async () => {
    authority = await makeAuthority();
    own = await makeClientCertificate('client', { by: authority, at: NOW, days: 3 });
    other = await makeClientCertificate('other', { by: authority });
  });

  const read = (pem: string, passphrase?: string) => readClientCertificate(pem, passphrase);
  const locked = () =>
    createPrivateKey(own.key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' })
      .toString();
  const oldForm = () => createPrivateKey(own.key).export({ type: 'sec1', format: 'pem' }).toString();

  it.each<[string, () => string, string?]>([
    ['before its key', () => own.cert + own.key],
    ['behind its key', () => `${own.key}\n\n${own.cert}`],
    ['with lines as Windows has them', () => (own.cert + own.key).replaceAll('\n', '\r\n')],
    ['between texts of tools', () => `subject=CN = client\n${own.cert}\nKey Attributes: <none>\n${own.key}`],
    ['with its authority', () => own.cert + own.key + authority.cert],
    ['with a key in the old form', () => own.cert + oldForm()],
    ['with a key behind a passphrase', () => own.cert + locked(), 'hunter2'],
  ])('is read %s', (_how, pem, ...[passphrase]) => {
    expect(read(pem(), passphrase)).toMatchObject({
      key: {
        cert: expect.stringContaining('BEGIN CERTIFICATE'),
        key: createPrivateKey(own.key).export({ type: 'pkcs8', format: 'pem' }),
        fromMs: NOW - 2 * DAY_MS,
        toMs: NOW + 3 * DAY_MS,
      },
    });
  });

  it.each<[string, () => string, RegExp, string?]>([
    ['what is no PEM', () => 'hello', /^holds no certificate/],
    ['a key alone', () => own.key, /^holds no certificate/],
    ['a certificate alone', () => own.cert, /^holds no private key/],
    ['the key of another', () => own.cert + other.key, /^has a private key that is not that of its first/],
    ['two keys', () => own.cert + own.key + other.key, /^holds more than one private key$/],
    ['a key without its passphrase', () => own.cert + locked(), /^has a private key that does not open: /],
    ['a key and a wrong passphrase', () => own.cert + locked(), /^has a private key that does not/, 'x'],
    [
      'a certificate that is cut',
      () => own.cert.replace(/\n.{40}/, '\n') + own.key,
      /^has a certificate that cannot be read$/,
    ],
    [
      'the authority first',
      () => authority.cert + own.cert + own.key,
      /^has a private key that is not that of its first/,
    ],
  ])('is not %s', (_what, pem, problem, ...[passphrase]) => {
    expect(read(pem(), passphrase)).toEqual({ problem: expect.stringMatching(problem) });
  });

  it('is told apart from authorities', () => {
    expect(authoritiesProblem(authority.cert + other.cert)).toBeUndefined();
    expect(authoritiesProblem('')).toMatch(/^holds no certificate/);
    expect(authoritiesProblem(own.cert + own.key)).toMatch(/^holds a private key/);
    expect(authoritiesProblem(authority.cert.replace(/\n.{40}/, '\n'))).toMatch(/cannot be read$/);
  });
});
