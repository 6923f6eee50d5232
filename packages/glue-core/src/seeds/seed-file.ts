import { z } from 'zod';
import { handlerSchema, pathSchema, suffixSchema } from '../endpoint/endpoint-fields.js';
import { sideNameSchema } from '../side/side-name.js';

const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes');
/** What the side's own schema validates further. */
const config = z.record(z.string(), z.unknown()).default({});

/** An endpoint that a connector offers. With a backend type it is a spec: made once per backend, by provisioning. */
export const endpointSeedSchema = z
  .strictObject({
    id,
    side: sideNameSchema,
    /** Backend type whose records own such an endpoint. Without it the endpoint stands alone. */
    backend: z.string().min(1).optional(),
    /** Second part of code and display name. @defaultValue the id */
    suffix: suffixSchema.optional(),
    /** Name of an endpoint that stands alone. */
    name: z.string().min(1).max(190).optional(),
    /** Last segment of the inbound URL. @defaultValue the code */
    path: pathSchema.optional(),
    state: z.enum(['draft', 'active']).default('active'),
    /** `<connector>:<handler>`, or the name of a handler of this connector. */
    handler: handlerSchema.optional(),
    config,
  })
  .refine(({ backend, name }) => backend === undefined || name === undefined, {
    path: ['name'],
    message: 'an endpoint of a backend is named after it: leave the name out',
  })
  .refine(({ side, path }) => side === 'inbound' || path === undefined, {
    path: ['path'],
    message: 'only inbound endpoints have one; the path of outbound requests is in their config',
  });
export type EndpointSeed = z.infer<typeof endpointSeedSchema>;

/** A handler that a connector offers, so that people can choose it. */
export const handlerSeedSchema = z.strictObject({
  id,
  side: sideNameSchema,
  name: z.string().min(1),
  mode: z.literal('callback'),
  description: z.string().optional(),
});
export type HandlerSeed = z.infer<typeof handlerSeedSchema>;

const $schema = z.string().optional();
export const endpointFileSchema = z.strictObject({ $schema, endpoints: z.array(endpointSeedSchema) });
export const handlerFileSchema = z.strictObject({ $schema, handlers: z.array(handlerSeedSchema) });

/** The seeds of one connector. */
export interface ConnectorSeeds {
  readonly connector: string;
  readonly endpoints: readonly EndpointSeed[];
  readonly handlers: readonly HandlerSeed[];
}

/** The id by which a seed is known everywhere: `<connector>:<id>`. */
export function seedId(connector: string, localId: string): string {
  return localId.includes(':') ? localId : `${connector}:${localId}`;
}
