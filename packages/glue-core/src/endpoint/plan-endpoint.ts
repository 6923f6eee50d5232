import { isDeepStrictEqual } from 'node:util';
import { scopedCode, scopedDisplayName } from '../naming/scoped-code.js';
import type { BackendReference } from '../naming/backend-reference.js';
import type { CatalogedSeed } from '../seeds/seed-catalog.js';
import { mergeFields, type Fields } from '../seeds/merge-fields.js';
import type { EndpointRow } from './endpoint-table.js';

/** The backend whose endpoints are planned, or for standing-alone seeds the connector. */
export interface EndpointOwner {
  readonly name: string;
  readonly technicalPrefix: string;
  readonly company: string;
  readonly backend?: BackendReference;
}

/** What applying one seed would do to one endpoint. */
export interface EndpointPlan {
  readonly seed: CatalogedSeed;
  readonly action: 'create' | 'update' | 'unchanged';
  readonly code: string;
  readonly name: string;
  readonly path?: string;
  readonly suffix: string;
  readonly handler?: string;
  readonly config: Fields;
  /** The seed's fields as they are applied now. */
  readonly seedFields: Fields;
  /** Names of the fields that change. */
  readonly updated: readonly string[];
  /** Fields that the operator edited and the seed changed too: the edit is kept. */
  readonly conflicts: readonly string[];
}

/** Plans one seed for one owner. Pure; run on its own result it gives `unchanged`. */
export function planEndpoint(
  seed: CatalogedSeed,
  owner: EndpointOwner,
  existing: EndpointRow | undefined,
): EndpointPlan {
  const wanted = seedFieldsOf(seed);
  const applied = (existing?.seed_fields && (JSON.parse(existing.seed_fields) as Fields)) || {};
  const merged = mergeFields(applied, existing ? presentFields(existing) : {}, wanted);
  const { suffix, handler, ...config } = merged.values as { suffix: string; handler?: string };
  const code = scopedCode(owner.technicalPrefix, suffix);
  const name =
    owner.backend === undefined
      ? (seed.name ?? scopedDisplayName(owner.name, suffix))
      : scopedDisplayName(owner.name, suffix);
  const derived = existing ? derivedChanges(existing, code, name) : [];
  const seedChanged = existing !== undefined && !isDeepStrictEqual(applied, wanted);
  const path = existing?.path ?? (seed.side === 'inbound' ? (seed.path ?? code) : undefined);
  return {
    seed,
    action: !existing
      ? 'create'
      : merged.updated.length + derived.length > 0 || seedChanged
        ? 'update'
        : 'unchanged',
    code,
    name,
    suffix,
    ...(handler !== undefined && { handler }),
    ...(path !== undefined && { path }),
    config: Object.fromEntries(
      Object.entries(config).map(([key, value]) => [key.replace(/^config\./, ''), value]),
    ),
    seedFields: wanted,
    updated: [...merged.updated, ...derived],
    conflicts: merged.conflicts,
  };
}

function seedFieldsOf({ id, suffix, handler, config }: CatalogedSeed): Fields {
  return { suffix: suffix ?? id, ...(handler !== undefined && { handler }), ...prefixed(config) };
}

function presentFields({ suffix, handler, config }: EndpointRow): Fields {
  return { suffix, ...(handler !== null && { handler }), ...prefixed(JSON.parse(config) as Fields) };
}

function prefixed(config: Fields): Fields {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [`config.${key}`, value]));
}

function derivedChanges(existing: EndpointRow, code: string, name: string): string[] {
  return [...(existing.code === code ? [] : ['code']), ...(existing.name === name ? [] : ['name'])];
}
