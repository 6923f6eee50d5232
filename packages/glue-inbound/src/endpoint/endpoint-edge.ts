import { formatBackendReference, type ConnectorBackend, type OwnSecrets } from 'glue-core';
import type { InboundHooks } from '../inbound-backend.js';
import { acknowledge, type Answer } from '../receive/answers.js';
import type { ChallengeAnswer, ChallengeRequest } from '../receive/challenge.js';
import { addressMatcher } from './address-ranges.js';
import { challengeSecrets, type ChallengeSecrets } from './challenge-secrets.js';
import type { Challenge } from './challenge.js';
import { contentTypeMatcher } from './content-types.js';
import type { InboundEndpointConfig } from './endpoint-config.js';

/** What the edge asks of each request of an endpoint, made ready once per change of it. */
export interface EndpointEdge {
  readonly takesContentType: (header: readonly string[] | undefined) => boolean;
  /** Undefined when anybody may call. */
  readonly mayCall: ((address: string) => boolean) | undefined;
  /** Methods that are answered, as the header Allow lists them. */
  readonly allow: string;
  readonly challenges: Readonly<Record<Challenge['method'], readonly Challenge[]>>;
  readonly challengeSecrets: ChallengeSecrets['at'];
  readonly askConnector: (
    request: ChallengeRequest,
    signal: AbortSignal,
  ) => Promise<ChallengeAnswer | undefined>;
  /** The answer to what was accepted. */
  readonly acknowledge: (eventId: string) => Answer;
  /** Why some challenges cannot be answered; events are taken all the same. */
  readonly problems: readonly string[];
}

/** A backend that may answer challenges. */
type Answerer = ConnectorBackend & Pick<InboundHooks, 'answerInboundChallenge'>;

export function endpointEdge(
  { limits, challenges, acknowledgement, verification }: InboundEndpointConfig,
  backend: Answerer | undefined,
  own: OwnSecrets,
): EndpointEdge {
  const asked = Map.groupBy(challenges, ({ method }) => method);
  const secrets = challengeSecrets(challenges, verification, backend?.settings, own);
  const asksConnector = challenges.some(({ answer }) => answer === 'connector');
  return {
    takesContentType: contentTypeMatcher(limits.contentTypes),
    mayCall: limits.addresses && addressMatcher(limits.addresses),
    allow: asked.has('GET') ? 'GET, HEAD, POST' : 'POST',
    challenges: { GET: asked.get('GET') ?? [], POST: asked.get('POST') ?? [] },
    challengeSecrets: secrets.at,
    askConnector: async (request, signal) => backend?.answerInboundChallenge?.(request, signal),
    acknowledge: acknowledge(acknowledgement),
    problems: [...secrets.problems, ...(asksConnector ? lacksHook(backend) : [])],
  };
}

function lacksHook(backend: Answerer | undefined): string[] {
  if (!backend) return ['a challenge is the connector’s to answer, but no backend is linked'];
  if (typeof backend.answerInboundChallenge === 'function') return [];
  return [`backend ${formatBackendReference(backend.reference)} has no answerInboundChallenge()`];
}
