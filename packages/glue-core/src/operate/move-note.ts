/** Who moves, and why. */
export interface MoveReason {
  /** `cli`, an API key's name … */
  readonly actor: string;
  /** For the audit log, and for the item where it ends by the move; without one an item keeps the note that it has. */
  readonly note?: string;
}

/** Longest note of a person that is kept at an item. */
const NOTE_LENGTH = 500;

/** What is written at an item that an operator ends. */
export function moveNote({ actor, note }: MoveReason): string {
  const text = note === undefined ? `by ${actor}` : `by ${actor}: ${note}`;
  return text.length <= NOTE_LENGTH ? text : `${text.slice(0, NOTE_LENGTH - 1)}…`;
}
