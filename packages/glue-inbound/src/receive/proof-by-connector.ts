import { loggedError, withinDeadline, type Clock, type Logger } from 'glue-core';
import type { VerificationOf } from '../endpoint/verification.js';
import type { Proof, ProofMeans, Unverifiable } from './proof.js';
import { Refusal } from './refusal.js';
import { SparseLog } from './sparse-log.js';

/** What foreign code is watched with. */
export interface Watch {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Proof by the connector's own code. Whatever it does, the request at hand gets its answer and no other one waits. */
export function proofByConnector(
  { deadlineMs }: VerificationOf<'connector'>,
  { backend }: ProofMeans,
  { clock, logger }: Watch,
): Proof | Unverifiable {
  if (!backend)
    return { reason: 'a connector is to verify, but the endpoint is linked to no backend: link it' };
  if (typeof backend.verifyInboundRequest !== 'function')
    return { reason: 'the connector is to verify, but the class of its backend has no verifyInboundRequest' };

  const log = new SparseLog(clock, (fields) =>
    logger.error(fields, 'a connector could not verify a request'),
  );
  const tell = (error: unknown): void => log.tell(() => loggedError(error));

  return {
    warnings: [],
    prove: async (request, nowMs) => {
      try {
        const answer: unknown = await withinDeadline(clock, deadlineMs, undefined, async (signal) =>
          backend.verifyInboundRequest?.(request, { nowMs, signal }),
        );
        if (answer === true) return undefined;
        if (answer === false)
          return new Refusal('signature', 'the connector does not take the request for its provider’s');
        log.tell(() => ({ reason: 'verifyInboundRequest gave neither true nor false' }));
      } catch (error) {
        tell(error);
      }
      return new Refusal('configuration', 'the connector could not verify the request: the log says why');
    },
  };
}
