import { messageOf } from 'glue-core';
import type { AddressGuard } from './address-guard.js';
import { egressProblem, type Egress } from './egress.js';

/**
 * Why a token endpoint must not be asked: it gets the client's secret, so what goes for receivers goes for it too, and
 * besides it has to be https (RFC 6749 §3.2) unless the operator allows its host by name.
 * @param egress - of the connector; undefined: nothing limits it
 */
export function tokenUrlRefusal(
  url: URL,
  egress: Egress | undefined,
  guard: Pick<AddressGuard, 'checkUrl' | 'allowsHost'>,
): string | undefined {
  const undeclared = egressProblem(url.hostname, egress);
  if (undeclared !== undefined) return undeclared;
  if (url.protocol !== 'https:' && !guard.allowsHost(url.hostname, Number(url.port || 80)))
    return `${url.host} is not asked by https, as RFC 6749 wants it, and is no host that outbound.allow.hosts names`;
  try {
    guard.checkUrl(url);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
