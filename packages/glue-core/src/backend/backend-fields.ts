import { z } from 'zod';

/** How long the texts of a backend record may be: as long as their columns. */
export const backendFieldsSchema = z.object({
  code: z.string().max(128),
  name: z.string().max(190),
  company: z.string().max(64),
});
