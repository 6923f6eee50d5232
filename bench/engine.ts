import { measureDueRetries } from './due-retries.ts';
import { measureIngest } from './ingest.ts';
import { measureLargeTables } from './large-tables.ts';
import { measureStoredToDone } from './stored-to-done.ts';
import type { Effort } from './support/effort.ts';

/** The engine's figures; null where their server is absent. Ratios, but for `ingest_p99_ms`. */
export interface EngineFigures {
  readonly ingest_sqlite_vs_express: number | null;
  readonly ingest_sqlite_vs_insert: number | null;
  readonly ingest_mariadb_vs_express: number | null;
  readonly ingest_mariadb_vs_insert: number | null;
  readonly ingest_p99_ms: number | null;
  readonly processed_vs_loop_sqlite: number | null;
  readonly processed_vs_loop_mariadb: number | null;
  readonly retries_vs_agenda: number | null;
  readonly claim_2m_vs_10k: number | null;
  readonly ingest_2m_vs_10k: number | null;
}

export const ENGINE_PARTS = ['processed', 'ingest', 'retries', 'large'] as const;
export type EnginePart = (typeof ENGINE_PARTS)[number];

/** Measures what the work engine must reach, and prints a table of each part. Figures of other parts are null. */
export async function measureEngine(effort: Effort, parts: readonly EnginePart[]): Promise<EngineFigures> {
  const chosen = <Result>(part: EnginePart, measure: (effort: Effort) => Promise<Result>) =>
    parts.includes(part) ? measure(effort) : undefined;
  const processed = await chosen('processed', measureStoredToDone);
  const { sqlite, mariadb } = (await chosen('ingest', measureIngest)) ?? {};
  const retries = await chosen('retries', measureDueRetries);
  const large = await chosen('large', measureLargeTables);
  return {
    ingest_sqlite_vs_express: figure(sqlite?.vsExpress),
    ingest_sqlite_vs_insert: figure(sqlite?.vsInsert),
    ingest_mariadb_vs_express: figure(mariadb?.vsExpress),
    ingest_mariadb_vs_insert: figure(mariadb?.vsInsert),
    ingest_p99_ms: figure(sqlite && Math.max(sqlite.p99Ms, mariadb?.p99Ms ?? 0)),
    processed_vs_loop_sqlite: figure(processed?.sqlite),
    processed_vs_loop_mariadb: figure(processed?.mariadb),
    retries_vs_agenda: figure(retries),
    claim_2m_vs_10k: figure(large?.claim),
    ingest_2m_vs_10k: figure(large?.ingest),
  };
}

function figure(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toFixed(3));
}
