import { z } from 'zod';

/** Last segment of an inbound URL. */
export const pathSchema = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,128}$/, 'one segment of letters, digits, dots, dashes and underscores')
  // RFC 3986 section 5.2.4: who calls takes them out of the URL, so nobody could ever reach it.
  .regex(/[^.]|\.{3}/, 'not "." or "..", which mean another place');
export const suffixSchema = z.string().trim().min(1).max(64);
export const handlerSchema = z.string().min(1).max(190);

const name = z.string().trim().min(1).max(190);
const code = z.string().max(500);
const company = z.string().min(1).max(64);
/** What the side's own schema validates further. */
const config = z.record(z.string(), z.unknown());

/** An endpoint to be made. */
export const newEndpointSchema = z.strictObject({
  /** @defaultValue `<name of the backend> <suffix>`; of one that is not linked, the code */
  name: name.optional(),
  /** Slugged. Only for one that is not linked; that of a linked one is derived. @defaultValue the suffix, or the name */
  code: code.optional(),
  /** Second part of the code of a linked one. @defaultValue the side; of one that is not linked, the code */
  suffix: suffixSchema.optional(),
  /** Inbound only; cannot be changed. @defaultValue the code */
  path: pathSchema.optional(),
  /** @defaultValue that of the backend; of one that is not linked, `default` */
  company: company.optional(),
  /** `<connector>:<handler>` */
  handler: handlerSchema.optional(),
  backend: z.strictObject({ type: z.string(), id: z.number().int().positive() }).optional(),
  state: z.enum(['draft', 'active']).default('draft'),
  config: config.default({}),
});
export type NewEndpoint = z.input<typeof newEndpointSchema>;

/** What of an endpoint can be edited; what is absent stays. */
export const endpointChangesSchema = z.strictObject({
  name: name.optional(),
  /** Of one that is not linked. */
  code: code.optional(),
  suffix: suffixSchema.optional(),
  company: company.optional(),
  /** `null`: none. */
  handler: handlerSchema.nullable().optional(),
  /** Keys to change; `null` puts one back to its default. */
  config: config.optional(),
  path: z.undefined('providers call it, so it cannot be changed: create another endpoint').optional(),
  backend: z.undefined('is changed by linking and unlinking').optional(),
  state: z.undefined('is changed by activating, deactivating and archiving').optional(),
});
export type EndpointChanges = Omit<z.input<typeof endpointChangesSchema>, 'path' | 'backend' | 'state'>;
