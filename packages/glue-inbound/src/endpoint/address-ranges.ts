import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net';
import { z } from 'zod';

/** IP addresses, each on its own or as a range in CIDR notation: `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`. */
export const addressRangesSchema = z
  .array(z.string().refine((text) => parseRange(text) !== undefined, 'no IP address or CIDR range'))
  .min(1);

/**
 * The one way to write an address: IPv4 that came as IPv6 (`::ffff:10.0.0.1`, RFC 4291 section 2.5.5.2) is IPv4, and
 * a zone is left out.
 * @returns undefined when the text is no address
 */
export function canonicalAddress(text: string): string | undefined {
  const [bare = ''] = text.split('%', 1);
  switch (isIP(bare)) {
    case 4:
      return bare;
    case 6: {
      const { address } = new SocketAddress({ address: bare, family: 'ipv6' });
      const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address);
      return mapped?.[1] ?? address;
    }
    default:
      return undefined;
  }
}

/** Which addresses are in one of the ranges; addresses as {@link canonicalAddress} writes them. */
export function addressMatcher(ranges: readonly string[]): (address: string) => boolean {
  const [v4, v6] = [new BlockList(), new BlockList()];
  for (const { address, bits } of ranges.flatMap((text) => parseRange(text) ?? [])) {
    if (isIPv4(address)) v4.addSubnet(address, bits, 'ipv4');
    else v6.addSubnet(address, bits, 'ipv6');
  }
  return (address) => (isIPv4(address) ? v4.check(address, 'ipv4') : v6.check(address, 'ipv6'));
}

interface Range {
  readonly address: string;
  readonly bits: number;
}

function parseRange(text: string): Range | undefined {
  const [base = '', written, ...more] = text.split('/');
  const address = text.includes('%') ? undefined : canonicalAddress(base);
  if (address === undefined || more.length > 0) return undefined;
  const width = isIPv4(address) ? 32 : 128;
  if (written === undefined) return { address, bits: width };
  if (!/^\d{1,3}$/.test(written)) return undefined;
  // The prefix of IPv4 that is written as IPv6 counts the 96 bits in front of it.
  const bits = Number(written) - (width === 32 && !isIPv4(base) ? 96 : 0);
  return bits >= 0 && bits <= width ? { address, bits } : undefined;
}
