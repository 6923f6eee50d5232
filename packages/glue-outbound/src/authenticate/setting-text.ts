import { settingOf, type SecretSource } from 'glue-core';
import type { Unusable } from '../sign/secret-means.js';

/** What is wrong with a text that a URL or form is to hold, as the end of a sentence about it; undefined when nothing is. */
export const textProblem = (text: string): string | undefined =>
  text.isWellFormed() ? undefined : 'is no text: it has half of a character';

/**
 * What a configuration names: as it is, or in a setting of the linked backend.
 * @param name - how messages call it
 * @param problem - what is wrong with a text, as the end of a sentence about it
 */
export function textOf(
  name: string,
  source: string | SecretSource,
  settings: unknown,
  problem: (text: string) => string | undefined = textProblem,
): string | Unusable {
  if (typeof source === 'string') return source;
  const setting = `the setting "${source.setting}" of the backend`;
  const found = settingOf(settings, source.setting);
  if (typeof found !== 'string' || found === '') return { reason: `${setting} holds no ${name}: set it` };
  const wrong = problem(found);
  return wrong === undefined ? found : { reason: `${setting} holds no ${name}: it ${wrong}` };
}
