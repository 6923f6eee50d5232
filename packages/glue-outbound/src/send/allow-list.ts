import ipaddr from 'ipaddr.js';

const HOST_ENTRY = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)(?::\d{1,5})?$/i;

/** What an operator lets through the SSRF guard. */
export interface AllowList {
  readonly cidrs: readonly string[];
  readonly hosts: readonly string[];
}

export const isAllowedCidr = (text: string): boolean => ipaddr.isValidCIDR(text);

export const isAllowedHostEntry = (text: string): boolean => HOST_ENTRY.test(text);

/** Whether a host is allowed by name, for this port or for all. An IPv6 literal is given without brackets. */
export function allowsHost({ hosts }: AllowList, hostname: string, port: number): boolean {
  const name = hostname.includes(':') ? `[${hostname}]` : hostname.replace(/\.$/, '');
  const wanted = [name.toLowerCase(), `${name.toLowerCase()}:${port}`];
  return hosts.some((entry) => wanted.includes(entry.toLowerCase()));
}

/** Whether an address is in an allowed range. */
export function allowsAddress({ cidrs }: AllowList, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return cidrs.some((cidr) => {
    const [network, bits] = ipaddr.parseCIDR(cidr);
    return network.kind() === address.kind() && address.match([network, bits]);
  });
}
