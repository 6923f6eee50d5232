import { z } from 'zod';
import { secretSourcesSchema } from './find-secrets.js';
import { hmacPresetNames, hmacPresets } from './hmac-presets.js';
import { completeScheme, writtenSchemeSchema } from './hmac-scheme.js';

/**
 * The scheme is a preset, or is written out, or is a preset of which single fields are written over. The same for who
 * signs and who verifies, so that a configuration can be copied from one side to the other.
 */
export const hmacModeSchema = writtenSchemeSchema
  .extend({
    mode: z.literal('hmac'),
    preset: z.enum(hmacPresetNames).optional(),
    secrets: secretSourcesSchema,
  })
  .transform(({ mode, preset, secrets, ...own }, context) => {
    const given = preset ? writtenSchemeSchema.parse(hmacPresets[preset]) : {};
    const scheme = completeScheme({ ...given, ...own });
    if (!('problem' in scheme)) return { mode, secrets, ...(preset && { preset }), ...scheme };
    context.addIssue({ code: 'custom', message: scheme.problem });
    return z.NEVER;
  });

/**
 * Signed as Standard Webhooks has it: secrets are `whsec_…`; or `whsk_…` for who signs and `whpk_…` for who verifies.
 */
export const standardModeSchema = z.strictObject({
  mode: z.literal('standard-webhooks'),
  secrets: secretSourcesSchema,
});
