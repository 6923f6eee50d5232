import { z } from 'zod';

const sqlite = z.strictObject({
  client: z.literal('sqlite'),
  /** Path of the database file; made when absent. */
  file: z.string().min(1),
  /** `durable` survives power loss; `fast` may lose the last commits then (never on a crash of the process). */
  durability: z.enum(['durable', 'fast']).default('durable'),
});

const mysql = z.strictObject({
  client: z.literal('mysql'),
  /** `mysql://user:password@host:port/database`; MariaDB too. */
  url: z.string().refine(isMysqlUrl, 'must look like mysql://user:password@host:3306/database'),
  poolSize: z.number().int().min(2).max(200).default(10),
  /** For a connection: made anew, or free again in a pool that is in use. */
  connectTimeoutMs: z.number().int().min(100).default(5_000),
  /** For the answer to a statement; then the connection is taken for dead. Migrations may take longer. */
  answerTimeoutMs: z.number().int().min(2_000).default(10_000),
  /**
   * TLS to the server: the certificate authority's file, or `true` for the authorities that Node knows. The
   * certificate must name the host of the URL.
   */
  tls: z.union([z.boolean(), z.strictObject({ caFile: z.string() })]).default(false),
});

/** Which database keeps the queue of record. */
export const databaseConfigSchema = z.discriminatedUnion('client', [sqlite, mysql]);
export type DatabaseConfig = z.infer<typeof databaseConfigSchema>;
export type SqliteConfig = z.infer<typeof sqlite>;
export type MysqlConfig = z.infer<typeof mysql>;

function isMysqlUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname } = new URL(text);
  return protocol === 'mysql:' && hostname !== '' && pathname.length > 1;
}
