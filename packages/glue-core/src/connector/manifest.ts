import { z } from 'zod';
import { sideNameSchema } from '../side/side-name.js';

/** The static `"glue"` key of a connector's package.json: read without running its code. */
export const manifestSchema = z.strictObject({
  /** The contract that the connector was written for. */
  apiVersion: z.number().int().positive(),
  /** Unique name of the connector, e.g. `stripe`. */
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes'),
  displayName: z.string().min(1),
  sides: z.array(sideNameSchema).default([]),
  /** Folder of the seed files, relative to the package. */
  seeds: z.string().min(1).optional(),
  /** Hosts that the connector may call. */
  egress: z.array(z.string().min(1)).default([]),
  icon: z.string().min(1).optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;
