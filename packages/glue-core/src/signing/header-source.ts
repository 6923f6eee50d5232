import { z } from 'zod';

/** Header names are case-insensitive. */
export const headerNameSchema = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'no header name')
  .transform((name) => name.toLowerCase());

/** A header, or one named part of a structured header such as `t=1492774577,v1=5257a8…`. */
export const headerSourceSchema = z.strictObject({
  header: headerNameSchema,
  /** Name of the part; every part of that name counts. Without it the whole value does. */
  part: z.string().min(1).optional(),
  /** Between the parts. */
  listSeparator: z.string().length(1).default(','),
  /** Between the name of a part and its value. */
  pairSeparator: z.string().length(1).default('='),
});
export type HeaderSource = z.infer<typeof headerSourceSchema>;

/** Every value by itself, by lower-case name. Node joins repeated headers elsewhere, which hides them. */
export type HeaderLists = Readonly<Record<string, readonly string[] | undefined>>;

/** The values of a header, or of its named parts; none when it is absent or repeated. */
export function headerValues(
  headers: HeaderLists,
  { header, part, listSeparator, pairSeparator }: HeaderSource,
): string[] {
  const [value, ...more] = headers[header] ?? [];
  if (value === undefined || more.length > 0) return [];
  if (part === undefined) return [value];
  return value.split(listSeparator).flatMap((each) => {
    const at = each.indexOf(pairSeparator);
    return at >= 0 && each.slice(0, at).trim() === part ? [each.slice(at + 1).trim()] : [];
  });
}

/** Whether two sources are the same header, or the same part of it. */
export function isSameHeader(a: HeaderSource, b: HeaderSource): boolean {
  return a.header === b.header && a.part === b.part;
}
