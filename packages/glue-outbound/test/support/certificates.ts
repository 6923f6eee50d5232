import { generate, type SelfsignedOptions } from 'selfsigned';

/** A certificate with its key, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;

/** An authority of the test's own. */
export function makeAuthority(): Promise<Certificate> {
  return make('Test authority', {
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
}

/** A certificate for a host, valid since two days and for `days` more; signed by itself when nobody else does. */
export function makeCertificate(host: string, days: number, by?: Certificate): Promise<Certificate> {
  return make(host, {
    notBeforeDate: new Date(Date.now() - 2 * DAY_MS),
    notAfterDate: new Date(Date.now() + days * DAY_MS),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: host }] }],
    ...(by && { ca: by }),
  });
}

/** A certificate for a client, valid from two days before a time to `days` after it. */
export function makeClientCertificate(
  name: string,
  { by, at = Date.now(), days = 2 }: { by?: Certificate; at?: number; days?: number } = {},
): Promise<Certificate> {
  return make(name, {
    notBeforeDate: new Date(at - 2 * DAY_MS),
    notAfterDate: new Date(at + days * DAY_MS),
    ...(by && { ca: by }),
  });
}

async function make(commonName: string, options: SelfsignedOptions): Promise<Certificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: commonName }], {
    ...options,
    keyType: 'ec',
    algorithm: 'sha256',
  });
  return { cert, key };
}
