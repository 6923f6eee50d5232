import type { z } from 'zod';
import { signingHeadersOf, type Signing } from './signing.js';

/** What of a configuration writes headers. */
interface Writers {
  readonly signing: Signing;
}

/** Lower-case names of the headers that the endpoint's proofs write, and which of them does: nobody else may. */
export function reservedHeadersOf({ signing }: Writers): ReadonlyMap<string, string> {
  return new Map(signingHeadersOf(signing).map((name) => [name, 'signing']));
}

/** Header rules that would write what is reserved. */
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
}
