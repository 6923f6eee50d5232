import { z } from 'zod';
import { headerProblem } from './header-name.js';
import { valueSourceSchema } from './value-source.js';

/** A header of an endpoint: a name, and where its value comes from. */
export const headerRuleSchema = z.strictObject({
  name: z.string().superRefine((name, context) => {
    const problem = headerProblem(name);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  }),
  value: valueSourceSchema,
});
export type HeaderRule = z.infer<typeof headerRuleSchema>;
