/**
 * Whether a connector may call a host. `*.example.com` stands for every name below example.com, `*` for every host.
 * @param declared - the hosts of the connector's manifest; undefined when nothing limits it
 */
export function isDeclaredHost(hostname: string, declared: readonly string[] | undefined): boolean {
  if (declared === undefined) return true;
  const name = hostname.replace(/\.$/, '').toLowerCase();
  return declared.some((entry) => {
    const pattern = entry.toLowerCase();
    if (pattern === '*') return true;
    return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : name === pattern;
  });
}
