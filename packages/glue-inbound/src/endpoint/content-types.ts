import { z } from 'zod';

const token = "[!#$%&'+.^_`|~0-9a-z-]+";
const PATTERN = new RegExp(String.raw`^(?:\*/\*|${token}/(?:\*|\*\+${token}|${token}))$`);

/** Media types, such as `application/json`, `text/*` and `application/*+json`; parameters are not looked at. */
export const contentTypesSchema = z.array(
  z
    .string()
    .toLowerCase()
    .regex(PATTERN, 'no media type: write it like application/json, text/* or application/*+json'),
);

/** Whether a content type is among the accepted ones; every one is when none is named. */
export function contentTypeMatcher(
  accepted: readonly string[],
): (header: readonly string[] | undefined) => boolean {
  if (accepted.length === 0) return () => true;
  const patterns = accepted.map((type) => type.replace(/[.+^$|]/g, String.raw`\$&`).replaceAll('*', '[^/]*'));
  const known = new RegExp(`^(?:${patterns.join('|')})$`);
  return (header) => header?.length === 1 && known.test(mediaTypeOf(header[0] ?? ''));
}

/** RFC 9110 section 8.3.1: type and subtype in any case, then parameters. */
function mediaTypeOf(contentType: string): string {
  const end = contentType.indexOf(';');
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}
