import {
  GlueError,
  isSameHeader,
  timestampField,
  type HeaderField,
  type HmacScheme,
  type TimestampSource,
} from 'glue-core';

/** The headers that a scheme signs: the timestamp, and a value of our own for every other one. */
export function signedFields(
  { message }: HmacScheme,
  timestamp: TimestampSource | undefined,
  nowMs: number,
): HeaderField[] {
  const others = message.flatMap((part) =>
    'header' in part && !(timestamp && isSameHeader(part, timestamp))
      ? [{ source: part, value: `sample-${nowMs}` }]
      : [],
  );
  return [...(timestamp ? [timestampField(timestamp, nowMs)] : []), ...others];
}

export function cannotSign(why: string): GlueError {
  return new GlueError('GLUE_ENDPOINT_INCOMPLETE', `a sample cannot be signed: ${why}`);
}
