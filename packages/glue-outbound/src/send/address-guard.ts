import { lookup as resolve, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { GlueError } from 'glue-core';
import ipaddr from 'ipaddr.js';
import { allowsAddress, allowsHost, type AllowList } from './allow-list.js';

/** What is allocated as public IPv6 space; the rest is special, or nobody's (IANA IPv6 Address Space). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** Public by its number, but the metadata service of a cloud (Azure). */
const METADATA: ReadonlySet<string> = new Set(['168.63.129.16']);

/** For operators. */
const WAY_OUT = 'if it may be called, name it in outbound.allow of the configuration';

/** Resolves a name to all its addresses, as `dns.lookup` does. */
export type ResolveName = (
  hostname: string,
  options: { all: true; family?: number; hints?: number },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

const resolveBySystem: ResolveName = (hostname, options, done) => resolve(hostname, options, done);

/**
 * The guard against server-side request forgery: what a receiver's URL names must be a public address, unless the
 * operator allows it. Names are checked where they are dialled, so the checked address is the one that is used.
 */
export class AddressGuard {
  constructor(
    private readonly allow: AllowList,
    private readonly resolveName: ResolveName = resolveBySystem,
  ) {}

  /** Checks what can be seen in the URL itself. @throws GLUE_ADDRESS_BLOCKED */
  checkUrl(url: URL): void {
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw blocked(`"${url.protocol}" is not http or https`);
    if (url.username !== '' || url.password !== '')
      throw blocked(`the URL of ${url.host} holds a user or password`);
    const hostname = url.hostname.replace(/^\[|\]$/g, '');
    const refusal = this.allowsHost(hostname, portOf(url)) ? undefined : this.refusalOf(hostname);
    if (refusal) throw refusal;
  }

  /** Why a host must not be dialled, where its name is a literal address; names are checked by the dialer's lookup. */
  refusalOf(hostname: string): GlueError | undefined {
    if (isIP(hostname) === 0 || this.isPublic(hostname)) return undefined;
    return blocked(`${hostname} is not a public address: ${WAY_OUT}`);
  }

  /** Whether the operator allows this host by name, wherever it leads. */
  allowsHost(hostname: string, port: number): boolean {
    return allowsHost(this.allow, hostname, port);
  }

  /** Whether an address may be dialled. */
  isPublic(text: string): boolean {
    // Node's own check, which knows canonical spellings only: 010.0.0.1 is no address. What has a zone is not global.
    if (isIP(text) === 0 || text.includes('%')) return false;
    const address = ipaddr.parse(text);
    if (allowsAddress(this.allow, address)) return true;
    if (address.range() !== 'unicast' || METADATA.has(text)) return false;
    return address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST);
  }

  /**
   * For the dialer: resolves a name and refuses it when any of its addresses is not public. A name that leads outwards
   * and inwards at once is no receiver's; to pick the public one would leave the choice to whoever answers next.
   */
  readonly lookup: LookupFunction = (hostname, options, done) => {
    const { family, hints, all } = options;
    const wanted = family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : family;
    const question = {
      all: true,
      ...(wanted !== undefined && { family: wanted }),
      ...(hints && { hints }),
    } as const;
    this.resolveName(hostname, question, (error, addresses) => {
      if (error) return done(error, '');
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => this.isPublic(address)))
        return done(blocked(`${hostname} resolves to an address that is not public: ${WAY_OUT}`), '');
      return all === true ? done(null, addresses) : done(null, first.address, first.family);
    });
  };
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

function blocked(what: string): GlueError {
  return new GlueError('GLUE_ADDRESS_BLOCKED', what);
}
