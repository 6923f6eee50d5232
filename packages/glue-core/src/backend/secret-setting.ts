import { z } from 'zod';

/**
 * A setting that is encrypted at rest and never shown again in clear: UI and API show that it is set, and its
 * last four characters.
 */
export const secret = (): z.ZodString => z.string().min(1).meta({ secret: true });

/** Names of the secret settings of a schema: its top-level properties that are marked `secret`. */
export function secretSettingsOf(schema: z.ZodObject): string[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties)
    .filter(([, property]) => typeof property === 'object' && property['secret'] === true)
    .map(([name]) => name);
}
