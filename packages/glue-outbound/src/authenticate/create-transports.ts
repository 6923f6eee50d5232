import { createHash } from 'node:crypto';
import { decodeSecrets, findSecrets, isLiveSecret, ownSecretsFor, settingOf, type TimedKey } from 'glue-core';
import type { ClientCertificateConfig } from '../endpoint/client-certificate.js';
import { PLAIN, type Transport } from '../send/transport.js';
import { wayOut, type SecretMeans, type Unusable } from '../sign/secret-means.js';
import { Unsendable } from '../sign/unsendable.js';
import { readClientCertificate, type ClientCertificate } from './read-certificates.js';

/** The connections of one endpoint. Made once per change of the endpoint: certificates are read then. */
export interface Transports {
  /** Those that count now. @param nowMs - the shared time, Unix milliseconds */
  at(nowMs: number): Transport | Unsendable;
  /** Of all that may come to count. */
  readonly ids: readonly string[];
  /** Secrets in clear, to be kept out of the log. */
  readonly secrets: readonly string[];
  /** Secrets that cannot be used, beside those that can. */
  readonly warnings: readonly string[];
}

/** @returns the reason when there is no certificate where there must be one */
export function createTransports(
  certificate: ClientCertificateConfig | undefined,
  authorities: string | undefined,
  means: SecretMeans,
): Transports | Unusable {
  if (certificate) return withCertificate(certificate, authorities, means);
  const transport = authorities === undefined ? PLAIN : transportOf({ authorities });
  return { at: () => transport, ids: [transport.id], secrets: [], warnings: [] };
}

function withCertificate(
  { secrets, passphrase }: ClientCertificateConfig,
  authorities: string | undefined,
  { backend, own }: SecretMeans,
): Transports | Unusable {
  const phrase = passphrase && settingOf(backend?.settings, passphrase.setting);
  const opening = typeof phrase === 'string' ? phrase : undefined;
  const found = findSecrets(secrets, backend?.settings, ownSecretsFor(own, 'certificate'));
  const { keys, problems } = decodeSecrets(found, (pem) => readClientCertificate(pem, opening));
  if (keys.length === 0) {
    const details = [...problems, ...found.missing];
    return {
      reason: `it has no certificate (${details.join('; ') || 'none is named'}): ${wayOut('certificate')}`,
    };
  }
  const known = keys.map((timed) => ({
    timed,
    transport: transportOf({
      certificate: pairOf(timed.key),
      ...(authorities !== undefined && { authorities }),
    }),
  }));
  return {
    ids: known.map(({ transport }) => transport.id),
    secrets: [
      ...found.secrets.map(({ value }) => value),
      ...keys.map(({ key }) => key.key),
      ...(opening === undefined ? [] : [opening]),
    ],
    warnings: problems,
    at: (nowMs) =>
      known.findLast(({ timed }) => counts(timed, nowMs))?.transport ??
      new Unsendable(
        'internal',
        `no certificate of the endpoint counts at this time, or all have ended: ${wayOut('certificate')}`,
      ),
  };
}

function counts(timed: TimedKey<ClientCertificate>, nowMs: number): boolean {
  return isLiveSecret(timed, nowMs) && timed.key.fromMs <= nowMs && nowMs <= timed.key.toMs;
}

const pairOf = ({ cert, key }: ClientCertificate) => ({ cert, key });

function transportOf(parts: Omit<Transport, 'id'>): Transport {
  return { ...parts, id: createHash('sha256').update(JSON.stringify(parts)).digest('hex') };
}
