/** Why an inbound request was refused; a closed list. */
export const REJECTION_CAUSES = [
  'unknown_endpoint',
  'endpoint_inactive',
  'signature',
  'freshness',
  'payload',
  'too_large',
  'content_type',
  'encoding',
  'method',
  'ip',
  'rate',
  'validation',
  'configuration',
  'timeout',
] as const;
export type RejectionCause = (typeof REJECTION_CAUSES)[number];

/** The decision to refuse a request: a value. The detail is for operators; callers see only the cause's answer. */
export class Refusal {
  /** @param retryAfterMs - when the caller may come again, where that is known */
  constructor(
    readonly cause: RejectionCause,
    readonly detail: string,
    readonly retryAfterMs?: number,
  ) {}
}
