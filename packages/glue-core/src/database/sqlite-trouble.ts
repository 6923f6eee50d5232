/** What a system, a disk or a file itself refuses, by the codes of SQLite with which it begins, and the way out. */
const troubles: readonly (readonly [string, (path: string, code: string) => string])[] = [
  ['SQLITE_FULL', (path) => `the disk of ${path} is full: make room on it, and all goes on by itself`],
  [
    'SQLITE_READONLY',
    (path) =>
      `${path} cannot be written: ${user()} needs the right to write the file and its folder, on a disk that takes writes`,
  ],
  [
    'SQLITE_CANTOPEN',
    (path) =>
      `${path} cannot be opened or made: it has to be a file, and ${user()} needs the right to write it and its folder, on a disk that takes writes`,
  ],
  ['SQLITE_NOTADB', (path) => `${path} is no SQLite database: name another file, or move this one away`],
  ['SQLITE_CORRUPT', (path) => `${path} is damaged: restore it from a backup`],
  ['SQLITE_IOERR', (path, code) => `the disk of ${path} fails (${code}): look at the system's log`],
];

/** The code where the file was removed or replaced; those of SQLite itself do not tell. */
export const FILE_GONE = 'SQLITE_FILE_GONE';

/** The file of a database, or its disk, is not fit for use. */
export class SqliteTrouble extends Error {
  /** The message as it was: knex puts the statement in front of it. */
  readonly problem: string;

  constructor(
    readonly code: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(problem, options);
    this.problem = problem;
  }
}

/** A code of SQLite's for what is no fault of the statement. */
export function isTroubleCode(code: string): boolean {
  return troubles.some(([prefix]) => code.startsWith(prefix));
}

/** What SQLite threw, saying which file it is about and what to do where that is known. */
export function namingFile(path: string, error: unknown): unknown {
  if (error instanceof SqliteTrouble) return error;
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (typeof code !== 'string') return error;
  const [, problemOf] = troubles.find(([prefix]) => code.startsWith(prefix)) ?? [];
  return problemOf ? new SqliteTrouble(code, problemOf(path, code), { cause: error }) : error;
}

/** The file of a SQLite database is not the one that was opened: it was removed or replaced. */
export function isFileGone(error: unknown): boolean {
  return error instanceof SqliteTrouble && error.code === FILE_GONE;
}

/** What is wrong with the file of a database, and the way out; undefined for an error of another kind. */
export function sqliteProblemOf(error: unknown): string | undefined {
  return error instanceof SqliteTrouble ? error.problem : undefined;
}

/** Who has to have the rights. */
function user(): string {
  const id = process.getuid?.();
  return id === undefined ? 'the user of this process' : `the user of this process (${id})`;
}
