/** One row of a listing; what is undefined stays empty. */
export type Row = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes one line of what a command was asked for, as a terminal may show it. */
export function printLine(text = ''): void {
  console.log(plainText(text));
}

/** Says what went wrong, in the same way. */
export function printError(text: string): void {
  console.error(plainText(text));
}

/** Writes a listing: as JSON, or in columns for people. */
export function printRows(rows: readonly Row[], { json, none }: { json?: boolean; none: string }): void {
  if (json) return printJson(rows);
  if (rows.length === 0) return printLine(none);
  for (const line of columns(rows)) printLine(line);
}

export function printJson(value: unknown): void {
  printLine(jsonText(value));
}

/** JSON that a terminal may show: it leaves U+007F to U+009F as they are, of which some are control sequences. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(
    /[\u007f-\u009f]/g,
    (control) => `\\u00${control.charCodeAt(0).toString(16)}`,
  );
}

/** Lines of equal columns under their names. */
export function columns(rows: readonly Row[]): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const table = [
    names.map((name) => name.toUpperCase()),
    ...rows.map((row) => names.map((name) => textOf(row[name]))),
  ];
  const widths = names.map((_, index) => Math.max(...table.map((line) => line[index]?.length ?? 0)));
  return table.map((line) =>
    line
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A time as people read it, in UTC. @param at - Unix milliseconds */
export function timeText(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString().replace('T', ' ').replace(/Z$/, '');
}

function textOf(value: string | number | boolean | undefined): string {
  return value === undefined ? '' : oneLine(plainText(String(value)));
}

/** Text of others beside ours, of which it must make up no lines. */
export function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}

/** Text of others as a terminal may show it: control characters could move its cursor, or make up lines of ours. */
export function plainText(text: string): string {
  return text.replaceAll(/(?![\n\t])\p{Cc}/gu, '\ufffd');
}

/** Writes bytes as they are, and waits until they are out. */
export function printBytes(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) =>
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve())),
  );
}
