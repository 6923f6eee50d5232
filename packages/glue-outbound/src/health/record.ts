/**
 * How the receiver of an endpoint does, by all that was heard of it: on one host since it wrote last, or in the database
 * by all hosts. A value; times are Unix milliseconds of the shared time.
 */
export interface HealthRecord {
  /** Of the last delivery that was accepted. */
  readonly succeededAt?: number;
  /** Of the last failure that is the receiver's. */
  readonly failedAt?: number;
  /** Since when there were only failures; absent while the last that was heard is a success. */
  readonly failingSince?: number;
  /** Deliveries that became dead letters by these failures. */
  readonly exhausted: number;
}

export const UNHEARD: HealthRecord = { exhausted: 0 };

/** What is heard of one delivery that was accepted. */
export const successAt = (succeededAt: number): HealthRecord => ({ succeededAt, exhausted: 0 });

/** What is heard of one that failed. @param isExhausted - whether it is a dead letter by that */
export const failureAt = (failedAt: number, isExhausted: boolean): HealthRecord => ({
  failedAt,
  failingSince: failedAt,
  exhausted: isExhausted ? 1 : 0,
});

/**
 * Both records in one, whichever was written first: hosts write some seconds late. Where a success came in the middle
 * of failures they count from it, and what was exhausted by then does not count. Pure.
 */
export function mergeRecords(one: HealthRecord, other: HealthRecord): HealthRecord {
  const succeededAt = latest(one.succeededAt, other.succeededAt);
  const failedAt = latest(one.failedAt, other.failedAt);
  const times = {
    ...(succeededAt !== undefined && { succeededAt }),
    ...(failedAt !== undefined && { failedAt }),
  };
  const begun = [one, other].filter(({ failingSince }) => failingSince !== undefined);
  if (failedAt === undefined || failedAt <= (succeededAt ?? -Infinity)) return { ...times, exhausted: 0 };
  const isAfterSuccess = ({ failingSince = -Infinity }: HealthRecord) =>
    failingSince >= (succeededAt ?? -Infinity);
  return {
    ...times,
    failingSince: Math.max(
      Math.min(...begun.map(({ failingSince = Infinity }) => failingSince)),
      succeededAt ?? -Infinity,
    ),
    exhausted: begun.filter(isAfterSuccess).reduce((sum, { exhausted }) => sum + exhausted, 0),
  };
}

function latest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}
