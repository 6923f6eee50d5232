import type { NextStep } from '../retry/retry-policy.js';

/** Longer notes are cut: they are for people, and foreign code puts in them what it was sent. */
const NOTE_LENGTH = 500;

/** A step with its note as it is kept. */
export function cutNote(step: NextStep): NextStep {
  const { note } = step;
  return note === undefined || note.length <= NOTE_LENGTH
    ? step
    : { ...step, note: `${note.slice(0, NOTE_LENGTH - 1)}…` };
}
