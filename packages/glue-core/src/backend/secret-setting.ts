import { z } from 'zod';

/**
 * A setting that is encrypted at rest and never shown again in clear: UI and API show that it is set, and its
 * last four characters. Only top-level settings can be secret; they may be optional, nullable, have a default, or be
 * lists: `z.array(secret())`, or `z.array(z.object({ secret: secret(), … }))` for secrets with the time in which they
 * count.
 */
export const secret = (): z.ZodString => z.string().min(1).meta({ secret: true });

/** Names of the secret settings of a schema. */
export function secretSettingsOf(schema: z.ZodObject): string[] {
  const names = marksIn(schema)
    .filter(isTopLevel)
    .map(([, name]) => String(name));
  return [...new Set(names)];
}

/** Where a schema marks a secret that is no setting of its own, and so would be stored in clear. */
export function nestedSecretsOf(schema: z.ZodObject): string[] {
  return marksIn(schema)
    .filter((path) => !isTopLevel(path))
    .map((path) => path.join('/'));
}

/**
 * Changes what lies where the secrets of a setting may be: the setting itself, each item of a list, or the `secret` of
 * an item.
 */
export function changeSecretPlaces(value: unknown, change: (place: unknown) => unknown): unknown {
  if (!Array.isArray(value)) return change(value);
  return value.map((item: unknown) =>
    typeof item === 'object' && item !== null && 'secret' in item
      ? { ...item, secret: change(item.secret) }
      : change(item),
  );
}

/** The texts of a secret setting, in clear. */
export function secretTextsOf(value: unknown): string[] {
  const texts: string[] = [];
  changeSecretPlaces(value, (place) => {
    if (typeof place === 'string') texts.push(place);
  });
  return texts;
}

type Path = readonly string[];

/** Below `properties/NAME`, as {@link changeSecretPlaces} has it. */
const SECRET_PLACES: readonly string[] = ['', 'items', 'items/properties/secret'];

/** `anyOf/0` in between says that it may also be something else, such as null. */
function isTopLevel([first, , ...rest]: Path): boolean {
  const below = rest.filter((step, at) => step !== 'anyOf' && rest[at - 1] !== 'anyOf').join('/');
  return first === 'properties' && SECRET_PLACES.includes(below);
}

/** Paths of all secret marks in the JSON Schema of the settings. */
function marksIn(schema: z.ZodObject): Path[] {
  return marksBelow(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), []);
}

function marksBelow(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'secret' in value && value.secret === true ? [path] : [];
  return [...own, ...Object.entries(value).flatMap(([key, below]) => marksBelow(below, [...path, key]))];
}
