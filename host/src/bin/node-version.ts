/*
 * Plain syntax and no imports: this must run on the old versions that it refuses. better-sqlite3 ends the process
 * with a segmentation fault on Node 20, so the check comes before anything else is loaded.
 */

/** The oldest Node that can run Glue; as in "engines" of package.json. */
export const NEEDED_NODE = '22.22.2';

/**
 * Says what is wrong with a Node version and what to do.
 * @param found - as in `process.versions.node`
 * @returns undefined when the version is new enough
 */
export function nodeComplaint(found: string): string | undefined {
  if (isAtLeast(found, NEEDED_NODE)) return undefined;
  return [
    'GLUE_NODE_UNSUPPORTED: this Node version cannot run Glue.',
    '  found:  Node ' + found,
    '  needed: Node ' + NEEDED_NODE + ' or newer',
    '  What to do: in a checkout of Glue run `npm start` or `npm run glue -- <command>`, which use the Node that',
    '  the project brings along. Elsewhere install a newer one: `nvm install 24`, or https://nodejs.org.',
  ].join('\n');
}

function isAtLeast(found: string, needed: string): boolean {
  const have = numbersOf(found);
  const want = numbersOf(needed);
  for (let i = 0; i < want.length; i += 1) {
    const difference = (have[i] || 0) - (want[i] || 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbersOf(version: string): number[] {
  return version.split('.').map((part) => parseInt(part, 10));
}
