import { z } from 'zod';

const handlerId = z
  .string()
  .regex(/^[^:\s]+:[^:\s]+$/, 'write it as <connector>:<handler>')
  .max(190);

/** An event with another selector, or with none, goes where those of an endpoint without this go. */
export const handlerChoiceSchema = z
  .record(z.string().min(1).max(190), handlerId)
  .describe('Handlers, written <connector>:<handler>, by value of the semantic handler_selector.');
