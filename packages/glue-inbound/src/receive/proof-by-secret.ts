import { decodeSecrets, findSecrets, liveKeys, type Decoded, type SecretSource } from 'glue-core';
import type { Proof, ProofMeans, Unverifiable } from './proof.js';
import type { RawRequest } from './raw-request.js';
import { Refusal } from './refusal.js';

const WAY_OUT =
  'set it in the backend, or give the endpoint one of its own: glue endpoints secrets add <code>';

/** Proof by any secret whose time it is, judged at each request: a window that opens changes nothing else. */
export function proofBySecret<Key>(
  sources: readonly SecretSource[],
  { backend, own }: ProofMeans,
  scheme: {
    readonly decode: (text: string) => Decoded<Key>;
    readonly check: (keys: readonly Key[], request: RawRequest) => Refusal | undefined;
  },
): Proof | Unverifiable {
  const found = findSecrets(sources, backend?.settings, own);
  const { keys, problems } = decodeSecrets(found, scheme.decode);
  if (keys.length === 0) {
    const details = [...problems, ...found.missing];
    return {
      reason: `it has no secret to verify with (${details.join('; ') || 'none is named'}): ${WAY_OUT}`,
    };
  }
  return {
    warnings: problems,
    prove: (request, nowMs) => {
      const live = liveKeys(keys, nowMs);
      if (live.length === 0)
        return new Refusal('configuration', `no secret of the endpoint counts at this time: ${WAY_OUT}`);
      return scheme.check(live, request);
    },
  };
}
