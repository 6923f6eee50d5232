import { canonicalAddress } from '../endpoint/address-ranges.js';

/**
 * Who calls, behind a number of proxies that each append the address they were called from to `X-Forwarded-For`
 * (or do so in a line of its own). What is left of their entries was written by the caller and proves nothing.
 * @param remoteAddress - the other end of the connection
 * @param forwardedFor - every line of the header
 * @returns undefined when what a proxy wrote is no address
 */
export function clientAddress(
  remoteAddress: string | undefined,
  forwardedFor: readonly string[] | undefined,
  trustedProxies: number,
): string | undefined {
  const hops = trustedProxies === 0 || !forwardedFor ? [] : entriesOf(forwardedFor).slice(-trustedProxies);
  const nearest = hops[0] ?? remoteAddress;
  return nearest === undefined ? undefined : canonicalAddress(withoutPort(nearest));
}

function entriesOf(lines: readonly string[]): string[] {
  return lines
    .join(',')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** Some proxies append the port: `203.0.113.7:4711`, `[2001:db8::7]:4711`. */
function withoutPort(entry: string): string {
  const match = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(entry);
  return match?.[1] ?? match?.[2] ?? entry;
}
