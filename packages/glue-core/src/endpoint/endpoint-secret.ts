import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { lastFourOf } from '../crypto/last-four.js';

/** When a secret counts, in Unix milliseconds: from `notBefore` to `notAfter`, both inclusive; an absent end is open. */
export interface SecretWindow {
  readonly notBefore?: number;
  readonly notAfter?: number;
}

/**
 * What a secret is for beside proof by signature, told apart by who gets it, so that no key that only signs is ever sent,
 * and nothing to somebody else: `authentication`, what is sent to the receiver as it is; `client`, what is sent to a
 * token endpoint; `certificate`, a client's certificate with its private key, PEM.
 */
export const secretUses = ['authentication', 'client', 'certificate'] as const;
const secretUseSchema = z.enum(secretUses);
export type SecretUse = z.infer<typeof secretUseSchema>;

/** A secret of an endpoint in clear. Stays in this process. */
export interface EndpointSecret extends SecretWindow {
  readonly id: string;
  readonly value: string;
  /** Absent: to verify requests on the inbound side, to sign them on the outbound side. */
  readonly usedFor?: SecretUse;
}

/** What to know of a secret without knowing it. */
export interface EndpointSecretView extends SecretWindow {
  readonly id: string;
  readonly usedFor?: SecretUse;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** Whether it counts now. */
  readonly live: boolean;
  /** The last four characters; empty where the secret has fewer than eight, or is PEM. */
  readonly lastFour: string;
}

/** A secret at the one time that it is shown: when it is made. */
export interface AddedSecret extends EndpointSecretView {
  readonly value: string;
}

/** What a rotation did. */
export interface SecretRotation {
  readonly added: AddedSecret;
  /** Those that end now, or with the overlap. */
  readonly ending: readonly EndpointSecretView[];
}

const value = z.string().min(1);
const time = z.number().int().nonnegative();

/** PEM has many lines; in anything else a line break is a slip, and makes it another secret. */
function checkValue(
  { value, usedFor }: { readonly value?: string | undefined; readonly usedFor?: SecretUse | undefined },
  context: z.core.$RefinementCtx,
): void {
  const isPem = usedFor === 'certificate';
  const problems = [
    ...(isPem && value === undefined ? ['nobody can make it up: give certificate and private key'] : []),
    ...((value ?? '').length > (isPem ? 65_536 : 4_096) ? ['is too long'] : []),
    ...(!isPem && /[\r\n]/.test(value ?? '') ? ['holds a line break'] : []),
  ];
  for (const message of problems) context.addIssue({ code: 'custom', path: ['value'], message });
}

/** A window that is never open is a slip: it is refused. */
export const newSecretSchema = z
  .strictObject({
    /** @defaultValue a new one: `whsec_` and 32 random bytes in base64 */
    value: value.optional(),
    usedFor: secretUseSchema.optional(),
    notBefore: time.optional(),
    notAfter: time.optional(),
  })
  .refine(({ notBefore = 0, notAfter = Infinity }) => notBefore <= notAfter, {
    path: ['notAfter'],
    message: 'must not be earlier than notBefore',
  })
  .superRefine(checkValue);
export type NewSecret = z.infer<typeof newSecretSchema>;

export const rotationSchema = z
  .strictObject({
    /** @defaultValue a new one, as above */
    value: value.optional(),
    /** Only secrets of this use are rotated. */
    usedFor: secretUseSchema.optional(),
    /** How long those that count now go on beside the new one, in milliseconds; 0 ends them now. @defaultValue 24 h */
    overlapMs: time.default(24 * 60 * 60 * 1_000),
  })
  .superRefine(checkValue);
export type NewRotation = z.input<typeof rotationSchema>;

/** Whether a secret counts at a time, in Unix milliseconds. */
export function isLiveSecret({ notBefore = 0, notAfter = Infinity }: SecretWindow, nowMs: number): boolean {
  return notBefore <= nowMs && nowMs <= notAfter;
}

/** A new secret as Standard Webhooks writes them: `whsec_` and 32 random bytes in base64. */
export function generateSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** @see EndpointSecretView.lastFour */
export const shownEndOf = (secret: string): string =>
  secret.startsWith('-----BEGIN ') ? '' : lastFourOf(secret, 8);
