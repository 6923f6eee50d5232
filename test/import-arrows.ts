/** Holds sources against the table in architecture.js. Pure: texts and manifests in, complaints out. */
import path from 'node:path';
import ts from 'typescript';
import { ARROWS, arrowFence, LOADED_BY_NAME, roomFence, ROOMS } from '../architecture.js';
import type { Manifest } from '../architecture.js';

/** One workspace as read from disk. */
export interface Workspace {
  /** From the repository's root, e.g. `packages/glue-core`. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly sources: readonly Source[];
}

/** One source file; `file` counts from the workspace's folder, e.g. `src/index.ts`. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Erased by the compiler, so nothing is loaded because of it. */
  readonly typeOnly: boolean;
}

/** Every import of a source whose specifier is written out: static, re-exported, dynamic, `require`, and of types. */
export function importsOf(source: Source): Import[] {
  const tree = ts.createSourceFile(source.file, source.text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const line = tree.getLineAndCharacterOfPosition(specifier.getStart()).line + 1;
    found.push({ specifier: specifier.text, line, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isExternalModuleReference(node)) add(node.expression, false);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && loadsModule(node.expression)) add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function loadsModule(callee: ts.Expression): boolean {
  return (
    callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
  );
}

/** Imports that the workspace's arrow or the file's room refuses, and relative imports that leave the workspace. */
export function arrowComplaints(workspace: Workspace): string[] {
  const arrow = ARROWS.find(({ folder }) => path.matchesGlob(workspace.folder, folder));
  if (arrow === undefined)
    return [`${workspace.folder}: no line in ARROWS of architecture.js says what it may import`];
  const fence = arrowFence(arrow, workspace.manifest);
  return workspace.sources.flatMap((source) => {
    const fences = [fence, ...roomsOf(workspace, source).map(roomFence)];
    return importsOf(source).flatMap((imported) => {
      const at = `${where(workspace, source, imported)} imports "${imported.specifier}"`;
      if (leavesWorkspace(source, imported))
        return [`${at}: a relative import stays in its workspace; name the package`];
      return fences
        .filter(({ regex }) => new RegExp(regex, 'u').test(imported.specifier))
        .map(({ message }) => `${at}: ${message}`);
    });
  });
}

/** Files of a pure room that load what the room refuses by way of other files of the workspace. */
export function detourComplaints(workspace: Workspace): string[] {
  const graph = importGraph(workspace, (imported) => !imported.typeOnly);
  return workspace.sources.flatMap((source) =>
    roomsOf(workspace, source)
      .filter((room) => room.pure)
      .flatMap((room) => {
        const { regex, message } = roomFence(room);
        return detours(graph, source.file, new RegExp(regex, 'u')).map(
          (way) => `${workspace.folder}/${way.join(' → ')}: ${message}`,
        );
      }),
  );
}

function detours(graph: Graph, start: string, refused: RegExp): string[][] {
  const found: string[][] = [];
  const seen = new Set([start]);
  const follow = (file: string, way: string[]): void => {
    const { files, packages } = graph.get(file) ?? { files: [], packages: [] };
    const bad = way.length > 1 ? packages.filter((name) => refused.test(name)) : [];
    found.push(...bad.map((name) => [...way, name]));
    for (const next of files.filter((each) => !seen.has(each))) {
      seen.add(next);
      follow(next, [...way, next]);
    }
  };
  follow(start, [start]);
  return found;
}

/** Rings of files that import each other, one complaint per ring; imports of types count too. */
export function circleComplaints(workspace: Workspace): string[] {
  const graph = importGraph(workspace, () => true);
  const complaints: string[] = [];
  const done = new Set<string>();
  const follow = (file: string, way: string[]): void => {
    const seenAt = way.indexOf(file);
    if (seenAt >= 0) {
      const ring = [...way.slice(seenAt), file].join(' → ');
      complaints.push(`${workspace.folder}: ${ring}: move what both need into a file of its own`);
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file)?.files ?? []) follow(next, [...way, file]);
    done.add(file);
  };
  for (const { file } of workspace.sources) follow(file, []);
  return complaints;
}

/** Dependencies that are imported but not listed, and listed but not imported. */
export function dependencyComplaints({ folder, manifest, sources }: Workspace): string[] {
  const listed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  const used = new Set(sources.flatMap((source) => importsOf(source).flatMap(packageNames)));
  const missing = [...used].filter((name) => !listed.includes(name));
  const unused = listed.filter((name) => !used.has(name) && !LOADED_BY_NAME.includes(name));
  return [
    ...missing.map((name) => `${folder}/package.json: "${name}" is imported but not in dependencies`),
    ...unused.map((name) => `${folder}/package.json: "${name}" is in dependencies but nothing imports it`),
  ];
}

type Graph = ReadonlyMap<string, { readonly files: readonly string[]; readonly packages: readonly string[] }>;

function importGraph({ sources }: Workspace, counts: (imported: Import) => boolean): Graph {
  return new Map(
    sources.map((source) => {
      const imports = importsOf(source).filter(counts);
      return [
        source.file,
        {
          files: imports.filter(isRelative).map((imported) => target(source, imported)),
          packages: imports.filter((imported) => !isRelative(imported)).map(({ specifier }) => specifier),
        },
      ];
    }),
  );
}

function roomsOf(workspace: Workspace, source: Source) {
  const inside = (globs: readonly string[]): boolean =>
    globs.some((glob) => path.matchesGlob(source.file, glob));
  return ROOMS.filter(
    (room) => room.folder === workspace.folder && inside(room.files) && !inside(room.except ?? []),
  );
}

function packageNames({ specifier }: Import): string[] {
  if (/^(?:node:|\.)/.test(specifier)) return [];
  return [specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')];
}

function isRelative({ specifier }: Import): boolean {
  return /^\.{1,2}(?:\/|$)/.test(specifier);
}

function leavesWorkspace(source: Source, imported: Import): boolean {
  return isRelative(imported) && target(source, imported).startsWith('../');
}

/** The source that a relative import names: what is written as `.js` is a `.ts` on disk. */
function target(source: Source, { specifier }: Import): string {
  return path.posix.join(path.posix.dirname(source.file), specifier).replace(/\.js$/, '.ts');
}

function where(workspace: Workspace, source: Source, { line }: Import): string {
  return `${workspace.folder}/${source.file}:${line}`;
}
