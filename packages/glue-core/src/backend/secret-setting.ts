import { z } from 'zod';

/**
 * A setting that is encrypted at rest and never shown again in clear: UI and API show that it is set, and its
 * last four characters. Only top-level settings can be secret; they may be optional, nullable or have a default.
 */
export const secret = (): z.ZodString => z.string().min(1).meta({ secret: true });

/** Names of the secret settings of a schema. */
export function secretSettingsOf(schema: z.ZodObject): string[] {
  return marksIn(schema)
    .filter(isTopLevel)
    .map(([, name]) => String(name));
}

/** Where a schema marks a secret that is no setting of its own, and so would be stored in clear. */
export function nestedSecretsOf(schema: z.ZodObject): string[] {
  return marksIn(schema)
    .filter((path) => !isTopLevel(path))
    .map((path) => path.join('/'));
}

type Path = readonly string[];

/** `properties/NAME`, or `properties/NAME/anyOf/0` where it may also be null. */
function isTopLevel([first, , third, ...rest]: Path): boolean {
  return first === 'properties' && (third === undefined || (third === 'anyOf' && rest.length === 1));
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
