/**
 * Trims, lower-cases, turns every run of characters outside `[0-9a-z]` into one `-` and strips `-` at both ends.
 * ` Acme Co! ` → `acme-co`; nothing usable → `''`.
 */
export function slug(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^0-9a-z]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** Whether the text is a slug already: not empty and unchanged by {@link slug}. */
export function isSlug(text: string): boolean {
  return text !== '' && slug(text) === text;
}
