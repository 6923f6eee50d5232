import { headerProblem } from './header-name.js';
import { renderingError } from './rendering-error.js';

export type Headers = Readonly<Record<string, string>>;

/**
 * Merges headers without regard to case; later ones win. Names come out in lower case.
 * @throws GLUE_RENDERING naming a header that is reserved or malformed
 */
export function mergeHeaders(...layers: readonly (Headers | undefined)[]): Record<string, string> {
  const merged = new Map<string, string>();
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) {
      const problem =
        typeof value === 'string' ? headerProblem(name, value) : `the header "${name}" is no text`;
      if (problem !== undefined) throw renderingError(problem);
      merged.set(name.toLowerCase(), value);
    }
  }
  return Object.fromEntries(merged);
}
