import { z } from 'zod';

/** Methods that a request may have. */
export const httpMethodSchema = z.enum(['POST', 'PUT', 'PATCH', 'DELETE', 'GET']);
export type HttpMethod = z.infer<typeof httpMethodSchema>;
