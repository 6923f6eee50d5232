import { GlueError, withinDeadline, type Clock } from 'glue-core';
import type { ReadyEndpoint } from '../endpoint/open-endpoint.js';
import { challengeAnswer, type Answer } from './answers.js';
import { answerChallenge, type ChallengeAnswer, type ChallengeRequest } from './challenge.js';

export interface AskTools {
  readonly clock: Clock;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
}

/** How long a connector may take, in milliseconds: providers wait no longer (Slack and X 3 s). */
const CONNECTOR_MS = 2_500;
/** Longest answer of a connector. */
const MAX_ANSWER_LENGTH = 16 * 1024;

/**
 * Answers a provider's question whether the endpoint is meant to be called.
 * @returns undefined when the request is none of the endpoint's challenges
 * @throws GLUE_HANDLER_DEADLINE, GLUE_OUTCOME_UNKNOWN, and what the connector throws
 */
export async function askChallenges(
  request: ChallengeRequest,
  { edge }: ReadyEndpoint,
  { clock, now }: AskTools,
): Promise<Answer | undefined> {
  for (const challenge of edge.challenges[request.method]) {
    const found = answerChallenge(challenge, request, edge.challengeSecrets(now()));
    const answer =
      found === 'connector'
        ? await withinDeadline(clock, CONNECTOR_MS, undefined, (signal) => edge.askConnector(request, signal))
        : found;
    if (answer) return challengeAnswer(bounded(answer));
  }
  return undefined;
}

/** Connectors may be written without types. */
function bounded(answer: ChallengeAnswer): ChallengeAnswer {
  const text: unknown = 'text' in answer ? answer.text : JSON.stringify(answer.json);
  if (typeof text === 'string' && text.length <= MAX_ANSWER_LENGTH) return answer;
  throw new GlueError(
    'GLUE_OUTCOME_UNKNOWN',
    'answerInboundChallenge() returned something else than a short { text } or { json }',
  );
}
