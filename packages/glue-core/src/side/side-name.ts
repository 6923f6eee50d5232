import { z } from 'zod';

/** The two directions of traffic; each ships as its own package and can be absent. */
export const sideNameSchema = z.enum(['inbound', 'outbound']);
export type SideName = z.infer<typeof sideNameSchema>;
