import { isDeepStrictEqual } from 'node:util';
import type { CatalogedSeed } from '../seeds/seed-catalog.js';
import { mergeFields, type Fields } from '../seeds/merge-fields.js';
import { derivedCode, derivedName } from './endpoint-naming.js';
import type { EndpointOwner } from './endpoint-owner.js';
import { configOf, type EndpointRow } from './endpoint-table.js';

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

/**
 * Plans one seed for one owner. Pure; run on its own result it gives `unchanged`.
 *
 * Name and code follow from the suffix, also from one that the operator chose. The code of a linked endpoint is
 * derived always; a name, and the code of an endpoint that stands alone, are fields that the operator may edit.
 */
export function planEndpoint(
  seed: CatalogedSeed,
  owner: EndpointOwner,
  existing: EndpointRow | undefined,
): EndpointPlan {
  const applied = (existing?.seed_fields && (JSON.parse(existing.seed_fields) as Fields)) || {};
  const present = existing ? presentFields(existing) : {};
  const own = seedFieldsOf(seed);
  const { suffix } = mergeFields(applied, present, own).values as { suffix: string };
  const wanted = { ...own, ...derivedFields(seed, owner, suffix) };

  const merged = mergeFields(applied, present, wanted);
  const { suffix: _, name, handler, code: ownCode, ...config } = merged.values as MergedValues;
  const code = owner.backend ? derivedCode(owner, suffix) : ownCode;
  const isRederived = existing !== undefined && owner.backend !== undefined && existing.code !== code;
  const updated = [...merged.updated, ...(isRederived ? ['code'] : [])];
  const seedChanged = !isDeepStrictEqual(applied, wanted);
  const path = existing?.path ?? (seed.side === 'inbound' ? (seed.path ?? code) : undefined);
  return {
    seed,
    action: !existing ? 'create' : updated.length > 0 || seedChanged ? 'update' : 'unchanged',
    code,
    name,
    suffix,
    ...(handler !== undefined && { handler }),
    ...(path !== undefined && { path }),
    config: unprefixed(config),
    seedFields: wanted,
    updated,
    conflicts: merged.conflicts,
  };
}

type MergedValues = Fields & {
  readonly suffix: string;
  readonly name: string;
  readonly code: string;
  readonly handler?: string;
};

function seedFieldsOf({ id, suffix, handler, config }: CatalogedSeed): Fields {
  return { suffix: suffix ?? id, ...(handler !== undefined && { handler }), ...prefixed(config) };
}

function derivedFields(seed: CatalogedSeed, owner: EndpointOwner, suffix: string): Fields {
  const name = derivedName(owner, suffix);
  if (owner.backend) return { name };
  return { name: seed.name ?? name, code: derivedCode(owner, suffix) };
}

function presentFields(row: EndpointRow): Fields {
  const { suffix, name, code, handler } = row;
  return {
    suffix,
    name,
    code,
    ...(handler !== null && { handler }),
    ...prefixed(configOf(row)),
  };
}

/** A configuration's keys apart from the endpoint's own. */
function prefixed(config: Fields): Fields {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [`config.${key}`, value]));
}

function unprefixed(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key.replace(/^config\./, ''), value]),
  );
}
