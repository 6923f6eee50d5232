import type { z } from 'zod';
import { authenticationHeadersOf, type Authentication } from './authentication.js';
import { signingHeadersOf, type Signing } from './signing.js';

/** What of a configuration writes headers. */
interface Writers {
  readonly signing: Signing;
  readonly authentication: Authentication;
}

/** Lower-case names of the headers that the endpoint's proofs write, and which of them does: nobody else may. */
export function reservedHeadersOf({ signing, authentication }: Writers): ReadonlyMap<string, string> {
  return new Map([
    ...signingHeadersOf(signing).map((name) => [name, 'signing'] as const),
    ...authenticationHeadersOf(authentication).map((name) => [name, 'authentication'] as const),
  ]);
}

/** What is wrong with headers of which one is reserved, by a name in either case; undefined when none is. */
export function reservedHeaderProblem(
  headers: Readonly<Record<string, string>>,
  reserved: ReadonlyMap<string, string>,
): string | undefined {
  for (const name of Object.keys(headers)) {
    const writer = reserved.get(name.toLowerCase());
    if (writer !== undefined) return `the header "${name}" is written by the ${writer} of the endpoint`;
  }
  return undefined;
}

/** Header rules that would write what is reserved, and proofs that would write the same header. */
export function refuseReservedHeaders(
  config: Writers & { readonly headers: readonly { readonly name: string }[] },
  context: z.core.$RefinementCtx,
): void {
  const reserved = reservedHeadersOf(config);
  for (const [at, { name }] of config.headers.entries()) {
    const writer = reserved.get(name.toLowerCase());
    if (writer === undefined) continue;
    const message = `the ${writer} of the endpoint writes the header "${name}"`;
    context.addIssue({ code: 'custom', path: ['headers', at, 'name'], message });
  }
  const signed = signingHeadersOf(config.signing);
  for (const name of authenticationHeadersOf(config.authentication)) {
    if (!signed.includes(name)) continue;
    const message = `the signing of the endpoint writes the header "${name}" too`;
    context.addIssue({ code: 'custom', path: ['authentication'], message });
  }
}
