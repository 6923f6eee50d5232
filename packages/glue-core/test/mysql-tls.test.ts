import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DatabaseConfig } from '../src/database/database-config.js';
import { inTransaction } from '../src/database/in-transaction.js';
import { rowsOf } from '../src/database/database-time.js';
import { openDatabase } from '../src/database/open-database.js';
import { MARIADBD, MariadbServer } from '../../../test/faults/support/mariadb-server.js';
import { databaseUser } from '../../../test/faults/support/server-process.js';
import { refusal } from './support/refusal.js';

/** A certificate authority of its own in a folder, and what it has signed. */
class Authority {
  readonly caFile: string;

  constructor(
    private readonly folder: string,
    private readonly name: string,
  ) {
    this.caFile = join(folder, `${name}.pem`);
    const subject = ['-subj', `/CN=${name}`];
    this.#openssl([
      'req',
      '-x509',
      ...newKey(this.#file('key')),
      ...subject,
      '-days',
      '2',
      '-out',
      this.caFile,
    ]);
  }

  /** A key and a certificate for a server, e.g. of `IP:127.0.0.1`. */
  sign(names: string): { keyFile: string; certFile: string } {
    const [keyFile, request, certFile, extensions] = ['server.key', 'csr', 'crt', 'ext'].map((end) =>
      this.#file(end),
    );
    if (!keyFile || !request || !certFile || !extensions) throw new Error('no files');
    writeFileSync(extensions, `subjectAltName=${names}`);
    this.#openssl(['req', ...newKey(keyFile), '-subj', '/CN=glue-test', '-out', request]);
    const by = ['-CA', this.caFile, '-CAkey', this.#file('key'), '-CAcreateserial'];
    this.#openssl([
      'x509',
      '-req',
      '-in',
      request,
      ...by,
      '-days',
      '2',
      '-extfile',
      extensions,
      '-out',
      certFile,
    ]);
    const user = databaseUser();
    if (user) chownSync(keyFile, user.uid, user.gid);
    return { keyFile, certFile };
  }

  #file(ending: string): string {
    return join(this.folder, `${this.name}.${ending}`);
  }

  #openssl(args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe', timeout: 20_000 });
  }
}

const newKey = (file: string) => [
  '-newkey',
  'ec',
  '-pkeyopt',
  'ec_paramgen_curve:prime256v1',
  '-nodes',
  '-keyout',
  file,
];

const describeServer = MARIADBD === undefined ? describe.skip : describe;

describeServer(
  `TLS to a server${MARIADBD === undefined ? ' (skipped: GLUE_TEST_MARIADBD is not set)' : ''}`,
  () => {
    let folder: string;
    let server: MariadbServer;
    let authority: Authority;
    let stranger: Authority;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'glue-tls-'));
      const user = databaseUser();
      if (user) chownSync(folder, user.uid, user.gid);
      authority = new Authority(folder, 'authority');
      stranger = new Authority(folder, 'stranger');
      const { keyFile, certFile } = authority.sign('IP:127.0.0.1,DNS:db.example');
      server = await MariadbServer.create({
        args: [`--ssl-cert=${certFile}`, `--ssl-key=${keyFile}`, '--require-secure-transport=ON'],
        // It refuses a plain connection: then it is there.
        isReady: (ask) =>
          ask('SELECT 1').then(
            () => false,
            ({ errno }: { errno?: number }) => errno === 1045,
          ),
      });
      await server.start();
    }, 60_000);

    afterAll(async () => {
      await server.remove();
      rmSync(folder, { recursive: true });
    });

    async function cipherWith(tls: Extract<DatabaseConfig, { client: 'mysql' }>['tls'], host = '127.0.0.1') {
      const url = server.url('mysql').replace('127.0.0.1', host);
      const database = openDatabase({
        client: 'mysql',
        url,
        tls,
        ...{ poolSize: 2, connectTimeoutMs: 2_000, answerTimeoutMs: 2_000 },
      });
      try {
        return await inTransaction(database, async (trx) => {
          const [row] = rowsOf<{ Value: string }>(await trx.raw("SHOW STATUS LIKE 'Ssl_cipher'"));
          return row?.Value;
        });
      } finally {
        await database.destroy();
      }
    }

    it('is encrypted, where the certificate is of the given authority and names the host', async () => {
      expect(await cipherWith({ caFile: authority.caFile })).toMatch(/^TLS_/);
    });

    it.each([
      ['is of another authority', () => cipherWith({ caFile: stranger.caFile }), 'TLS: unable to verify'],
      ['is of an authority that the system does not know', () => cipherWith(true), 'TLS: unable to verify'],
      [
        'names another host',
        () => cipherWith({ caFile: authority.caFile }, 'localhost'),
        'TLS: Hostname/IP does not match',
      ],
    ])('is refused where the certificate %s', async (_name, connect, words) => {
      await expect(connect()).rejects.toEqual(refusal('GLUE_DATABASE_UNAVAILABLE', words));
    });

    it('is asked for by a server that takes no plain connection', async () => {
      await expect(cipherWith(false)).rejects.toEqual(
        refusal('GLUE_DATABASE_UNAVAILABLE', 'ER_ACCESS_DENIED_ERROR'),
      );
    });
  },
);
