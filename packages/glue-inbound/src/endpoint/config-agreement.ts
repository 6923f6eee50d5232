import type { z } from 'zod';
import { isSameHeader, type HeaderSource } from 'glue-core';
import { challengeProblem, type Challenge } from './challenge.js';
import { signedFieldsOf, type Verification } from './verification.js';

/** Parts of a configuration that must agree with each other. */
interface Parts {
  readonly identity: Readonly<Record<'delivery' | 'replay', string>>;
  readonly semantics: Readonly<Record<string, unknown>>;
  readonly handlers: Readonly<Record<string, string>>;
  readonly challenges: readonly Challenge[];
  readonly payload: 'object' | 'json' | 'raw';
  readonly verification: Verification;
  readonly freshness: { readonly timestamp?: HeaderSource | undefined };
  readonly limits: { readonly compression: readonly string[] };
}

type Context = z.core.$RefinementCtx;

/** A check of parts that are sound each for itself, whatever the others: so that all problems are listed at once. */
export function whereSound(...parts: readonly (keyof Parts)[]): z.core.$ZodSuperRefineParams {
  return {
    when: ({ value, issues }) =>
      typeof value === 'object' &&
      value !== null &&
      !issues.some(({ path }) => parts.some((part) => path?.[0] === part)),
  };
}

/** An identity policy needs to know where its value comes from. */
export function checkIdentity({ identity, semantics }: Pick<Parts, 'identity' | 'semantics'>, to: Context) {
  for (const [policy, name] of Object.entries(identity)) {
    if (name === 'body_sha256' || name === 'none' || semantics[name] !== undefined) continue;
    const message = `needs semantics.${name}: say where it comes from`;
    to.addIssue({ code: 'custom', path: ['identity', policy], message });
  }
}

/** So does the choice of a handler. */
export function checkHandlers({ handlers, semantics }: Pick<Parts, 'handlers' | 'semantics'>, to: Context) {
  if (Object.keys(handlers).length === 0 || semantics['handler_selector'] !== undefined) return;
  const message = 'needs semantics.handler_selector: say where it comes from';
  to.addIssue({ code: 'custom', path: ['handlers'], message });
}

/** A timestamp that is not signed can be put on an old request by anybody; where nothing is signed there is no better one. */
export function checkFreshnessIsSigned(
  { verification, freshness }: Pick<Parts, 'verification' | 'freshness'>,
  to: Context,
) {
  const signed = signedFieldsOf(verification);
  const { timestamp } = freshness;
  if (!timestamp || !signed || signed.some((field) => isSameHeader(field, timestamp))) return;
  const message = 'is not signed: name it in verification.message too, or leave it out';
  to.addIssue({ code: 'custom', path: ['freshness', 'timestamp'], message });
}

export function checkChallenges(
  { challenges, payload, limits }: Pick<Parts, 'challenges' | 'payload' | 'limits'>,
  to: Context,
) {
  const message = challengeProblem(challenges, payload, limits.compression);
  if (message !== undefined) to.addIssue({ code: 'custom', path: ['challenges'], message });
}
