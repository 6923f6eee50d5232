import { readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The folders directly below one; none where it does not exist. */
export async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
    .map(({ name }) => join(folder, name))
    .sort();
}

/**
 * The folders of all packages that a module in the folder could import: `node_modules` here and further up.
 * A package nearer by hides one of the same name further up, as it does for `import`.
 */
export async function installedPackages(folder: string): Promise<string[]> {
  const byName = new Map<string, string>();
  for (let place = folder; ; place = dirname(place)) {
    for (const [name, path] of await packagesIn(join(place, 'node_modules')))
      if (!byName.has(name)) byName.set(name, path);
    if (dirname(place) === place) return [...byName.values()];
  }
}

async function packagesIn(modules: string): Promise<[name: string, folder: string][]> {
  const found: [string, string][] = [];
  for (const folder of await subfolders(modules)) {
    const inner = folder.slice(modules.length + 1).startsWith('@') ? await subfolders(folder) : [folder];
    found.push(...inner.map((each): [string, string] => [each.slice(modules.length + 1), each]));
  }
  return found;
}

/** The same folders, symbolic links followed, each once. */
export async function distinctFolders(folders: readonly string[]): Promise<string[]> {
  const real = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
  return [...new Set(real)];
}
