import { findSecrets, liveKeys, type FoundSecrets, type OwnSecrets } from 'glue-core';
import type { SecretTexts } from '../receive/challenge.js';
import { secretsOfChallenge, type Challenge } from './challenge.js';
import type { Verification } from './verification.js';

/** The secrets of an endpoint's challenges, found once per change of it. */
export interface ChallengeSecrets {
  readonly at: (nowMs: number) => SecretTexts;
  /** Secrets that are needed and not there. */
  readonly problems: readonly string[];
}

/** @param settings - of the linked backend */
export function challengeSecrets(
  challenges: readonly Challenge[],
  verification: Verification,
  settings: unknown,
  own: OwnSecrets,
): ChallengeSecrets {
  const named = new Map(
    challenges.flatMap(secretsOfChallenge).map((source) => [source.setting, findSecrets([source], settings)]),
  );
  const sources = 'secrets' in verification ? verification.secrets : [];
  const verifying = findSecrets(sources, settings, own);
  return {
    at: (nowMs) => (secret) =>
      textsAt(nowMs, secret === 'verification' ? verifying : named.get(secret.setting)),
    problems: [...named.values()].flatMap(({ problems, missing }) => [...problems, ...missing]),
  };
}

function textsAt(nowMs: number, found: FoundSecrets | undefined): string[] {
  const timed = (found?.secrets ?? []).map(({ value, ...window }) => ({ key: value, ...window }));
  return liveKeys(timed, nowMs);
}
