import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { messageOf, type Decoded } from 'glue-core';

/** A certificate with its key, as a connection takes it. */
export interface ClientCertificate {
  /** PEM, the client's own first. */
  readonly cert: string;
  /** PEM, without a passphrase. */
  readonly key: string;
  /** When it is valid, in Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
}

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g;
const PRIVATE_KEYS = /-----BEGIN ((?:[A-Z]+ )*)PRIVATE KEY-----[^]+?-----END \1PRIVATE KEY-----/g;

/** Reads a certificate, those that lead to its authority, and its key, PEM one behind the other, in any order. */
export function readClientCertificate(
  pem: string,
  passphrase: string | undefined,
): Decoded<ClientCertificate> {
  const chain = pem.match(CERTIFICATES) ?? [];
  const keys = pem.match(PRIVATE_KEYS) ?? [];
  const [first] = chain;
  const [only] = keys;
  if (first === undefined) return { problem: 'holds no certificate (PEM: -----BEGIN CERTIFICATE-----)' };
  if (only === undefined) return { problem: 'holds no private key (PEM: -----BEGIN PRIVATE KEY-----)' };
  if (keys.length > 1) return { problem: 'holds more than one private key' };
  const key = openKey(only, passphrase);
  if ('problem' in key) return key;
  const certificates = chain.map(openCertificate);
  const [own] = certificates;
  if (!own || certificates.includes(undefined)) return { problem: 'has a certificate that cannot be read' };
  if (!own.checkPrivateKey(key.key))
    return { problem: 'has a private key that is not that of its first certificate' };
  return {
    key: {
      cert: chain.join('\n'),
      key: key.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      fromMs: Date.parse(own.validFrom),
      toMs: Date.parse(own.validTo),
    },
  };
}

/** What is wrong with a list of authorities; undefined when nothing is. */
export function authoritiesProblem(pem: string): string | undefined {
  const certificates = pem.match(CERTIFICATES) ?? [];
  if (certificates.length === 0) return 'holds no certificate (PEM: -----BEGIN CERTIFICATE-----)';
  if (/PRIVATE KEY-----/.test(pem))
    return 'holds a private key: only the certificates of authorities belong here';
  return certificates.every(openCertificate) ? undefined : 'has a certificate that cannot be read';
}

function openKey(pem: string, passphrase: string | undefined): Decoded<KeyObject> {
  try {
    return { key: createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) }) };
  } catch (error) {
    return { problem: `has a private key that does not open: ${messageOf(error)}` };
  }
}

function openCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
