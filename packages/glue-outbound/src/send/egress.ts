/** The hosts that a connector may call. */
export interface Egress {
  readonly connector: string;
  /** Those that it declares, and those that the configuration adds. */
  readonly hosts: readonly string[];
}

/** Why a connector must not call a host, with the way out. @param egress - undefined: nothing limits it */
export function egressProblem(hostname: string, egress: Egress | undefined): string | undefined {
  if (!egress || isDeclaredHost(hostname, egress.hosts)) return undefined;
  const { connector } = egress;
  return `the connector "${connector}" does not declare the host ${hostname} in its egress: add it there, or to connectors.egress.${connector} of the host's configuration`;
}

/**
 * Whether a connector may call a host. `*.example.com` stands for every name below example.com, `*` for every host.
 * @param declared - hosts, as a connector's manifest has them
 */
export function isDeclaredHost(hostname: string, declared: readonly string[]): boolean {
  const name = hostname.replace(/\.$/, '').toLowerCase();
  return declared.some((entry) => {
    const pattern = entry.toLowerCase();
    if (pattern === '*') return true;
    return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : name === pattern;
  });
}
