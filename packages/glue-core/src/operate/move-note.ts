/** Longest note of a person that is kept at an item. */
const NOTE_LENGTH = 500;

/** What is written at an item that an operator ends. */
export function moveNote(actor: string, note: string | undefined): string {
  const text = note === undefined ? `by ${actor}` : `by ${actor}: ${note}`;
  return text.length <= NOTE_LENGTH ? text : `${text.slice(0, NOTE_LENGTH - 1)}…`;
}
