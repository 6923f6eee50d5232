import { INBOUND_PREFIX } from './create-server.js';

/** Addresses that mean every address, and how this machine reaches itself by them. */
const anyAddress: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** The URL by which this machine reaches a host that listens there. */
export function localUrl(address: string, port: number): string {
  const own = anyAddress[address] ?? address;
  return `http://${own.includes(':') ? `[${own}]` : own}:${port}`;
}

/** Where the provider of an inbound endpoint calls. */
export function inboundUrl(hostUrl: string, path: string): string {
  return `${hostUrl.replace(/\/$/, '')}${INBOUND_PREFIX}${path}`;
}
