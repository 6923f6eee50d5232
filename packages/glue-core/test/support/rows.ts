import type { Database } from '../../src/database/database.js';

/** All audit entries, oldest first. */
export async function auditOf(database: Database) {
  const rows = await database<{ actor: string; action: string; subject: string; detail: string | null }>(
    'glue_audit',
  )
    .select('actor', 'action', 'subject', 'detail')
    .orderBy('id');
  return rows.map(({ detail, ...row }) => ({
    ...row,
    detail: detail === null ? null : (JSON.parse(detail) as unknown),
  }));
}

/** How often each topic was announced as changed. */
export async function changesOf(database: Database): Promise<Record<string, number>> {
  const rows = await database<{ topic: string; value: number }>('glue_changes').select('topic', 'value');
  return Object.fromEntries(rows.map(({ topic, value }) => [topic, Number(value)]));
}
