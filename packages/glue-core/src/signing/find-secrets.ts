import { z } from 'zod';
import type { EndpointSecret, SecretUse, SecretWindow } from '../endpoint/endpoint-secret.js';

/** A secret of an endpoint, wherever it lies. */
export interface Secret extends SecretWindow {
  readonly value: string;
  /** How messages call it. They never say what it is. */
  readonly name: string;
}

/** The secrets that belong to an endpoint itself: where there is no backend, or beside its settings. */
export interface OwnSecrets {
  readonly secrets?: readonly EndpointSecret[] | undefined;
  /** Those that do not open. */
  readonly problems?: readonly string[];
}

/** Those of an endpoint's own secrets that are for one use. */
export function ownSecretsFor(own: OwnSecrets, use: SecretUse | undefined): OwnSecrets {
  return { ...own, secrets: own.secrets?.filter(({ usedFor }) => usedFor === use) };
}

/** A setting of the linked backend that holds secrets. */
export const secretSourceSchema = z.strictObject({ setting: z.string().min(1) });
export type SecretSource = z.infer<typeof secretSourceSchema>;

/** Every one is tried, and every secret of the endpoint's own. */
export const secretSourcesSchema = z.array(secretSourceSchema).default([]);

const moment = z.union([
  z.number().int(),
  z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
]);
const text = z.string().transform((secret) => ({ secret }));
const windowed = z.object({ secret: z.string(), notBefore: moment.optional(), notAfter: moment.optional() });

/** One text, or a list of texts, or of texts with the time in which they count. */
const settingSchema = z.union([
  text.transform((one) => [one]),
  z.array(z.union([text, windowed])),
  z.null().transform(() => []),
]);

/** The secrets that were found, and what is wrong with those that were not. */
export interface FoundSecrets {
  readonly secrets: readonly Secret[];
  /** Settings that hold something else than secrets. */
  readonly problems: readonly string[];
  /** Settings that hold nothing. */
  readonly missing: readonly string[];
}

/**
 * Finds the secrets of an endpoint.
 * @param settings - of the linked backend; undefined without one
 */
export function findSecrets(
  sources: readonly SecretSource[],
  settings: unknown,
  own: OwnSecrets = {},
): FoundSecrets {
  const found = sources.map(({ setting }) => readSetting(settings, setting));
  return {
    secrets: [
      ...found.flatMap(({ secrets }) => secrets),
      ...(own.secrets ?? []).map(({ id, usedFor: _use, ...secret }) => ({
        ...secret,
        name: `the endpoint's own secret ${id}`,
      })),
    ],
    problems: [...found.flatMap(({ problems }) => problems), ...(own.problems ?? [])],
    missing: found.flatMap(({ missing }) => missing),
  };
}

function readSetting(settings: unknown, setting: string): FoundSecrets {
  const name = `the setting "${setting}" of the backend`;
  const parsed = settingSchema.safeParse(settingOf(settings, setting) ?? null);
  if (!parsed.success) {
    const problem = `${name} is no text, list of texts or list of { secret, notBefore?, notAfter? }`;
    return { secrets: [], problems: [problem], missing: [] };
  }
  const secrets = parsed.data.flatMap(({ secret, ...window }) =>
    secret === '' ? [] : [{ ...window, value: secret, name }],
  );
  return { secrets, problems: [], missing: secrets.length > 0 ? [] : [`${name} holds no secret`] };
}

/** A setting by its name; undefined where there is none. */
export function settingOf(settings: unknown, name: string): unknown {
  const isRecord = typeof settings === 'object' && settings !== null && Object.hasOwn(settings, name);
  return isRecord ? (settings as Record<string, unknown>)[name] : undefined;
}
