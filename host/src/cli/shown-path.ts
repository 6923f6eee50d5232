import { isAbsolute, relative } from 'node:path';

/** A path as people like to read it: relative where it lies in the working directory. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') || isAbsolute(short) ? path : short || '.';
}
