import { z } from 'zod';
import { hmacPresetNames, hmacPresets } from './hmac-presets.js';
import { hmacSchemeSchema } from './hmac-scheme.js';

/** A secret lies in a setting of the linked backend: one text, or a list of texts while they are rotated. */
const secretSource = z.strictObject({ setting: z.string().min(1) });
export type SecretSource = z.infer<typeof secretSource>;

/** The scheme is a preset, or is written out, or is a preset of which single fields are written over. */
const hmac = z
  .looseObject({
    mode: z.literal('hmac'),
    preset: z.enum(hmacPresetNames).optional(),
    /** Every one is tried. */
    secrets: z.array(secretSource).min(1),
  })
  .transform(({ mode, preset, secrets, ...own }, context) => {
    const scheme = hmacSchemeSchema.safeParse({ ...(preset && hmacPresets[preset]), ...own });
    if (scheme.success) return { mode, secrets, ...scheme.data };
    for (const { path, message } of scheme.error.issues)
      context.addIssue({ code: 'custom', path: [...path], message });
    return z.NEVER;
  });

/** How it is proven who called. There is no default; `none` is said explicitly. */
export const verificationSchema = z.discriminatedUnion('mode', [
  hmac,
  z.strictObject({ mode: z.literal('none') }),
]);
export type Verification = z.infer<typeof verificationSchema>;
export type HmacVerification = Extract<Verification, { mode: 'hmac' }>;
