import type { HeaderSource } from '../endpoint/source.js';

/** A request as received, wholly read. */
export interface RawRequest {
  /** Every value by itself, by lower-case name. Node joins repeated headers elsewhere, which hides them. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  /** Path and query. */
  readonly url: string;
  readonly body: Buffer;
}

/** The values of a header, or of its named parts; none when it is absent or repeated. */
export function headerValues(
  headers: RawRequest['headers'],
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
