import { z } from 'zod';

/** RFC 9110 sections 15.3.5 and 15.3.6: these answers have no body. */
const BODILESS: readonly number[] = [204, 205];

/** How an accepted request is answered, where a provider insists on something of its own; the same for every accepted one. */
export const acknowledgementSchema = z
  .strictObject({
    status: z.number().int().min(200).max(299).default(202),
    body: z
      .string()
      .max(4_096)
      .optional()
      .describe('Sent as it stands, "" for nothing; without it JSON with the id of the event.'),
    contentType: z
      .string()
      .regex(/^[\x21-\x7e][\x20-\x7e]*$/, 'no content type')
      .optional()
      .describe('Of the body; without it text/plain; charset=utf-8.'),
  })
  .superRefine(({ status, body, contentType }, context) => {
    if (BODILESS.includes(status) && body !== '')
      context.addIssue({ code: 'custom', path: ['body'], message: `must be "" with status ${status}` });
    if (contentType !== undefined && !body)
      context.addIssue({ code: 'custom', path: ['contentType'], message: 'is that of a body: give one' });
  });
export type Acknowledgement = z.infer<typeof acknowledgementSchema>;
