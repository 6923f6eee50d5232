import type { EndpointHealthReport } from 'glue-outbound';
import { printLine, timeText } from './print.js';

const textOf = (at: number): string => timeText(at) ?? '';

/** The health of an outbound endpoint in a few words; undefined where nothing was heard of it. */
export function healthInShort({
  held,
  release,
  failingSince,
  succeededAt,
}: EndpointHealthReport): string | undefined {
  const words = [
    ...(held && held.deliveries > 0 ? [`${held.deliveries} held`] : []),
    ...(release ? [`released ${release.released} of ${release.backlog}`] : []),
    ...(failingSince === undefined ? [] : [`only failures since ${textOf(failingSince)}`]),
  ];
  if (words.length > 0) return words.join('; ');
  return succeededAt === undefined ? undefined : 'ok';
}

/** Says what the database knows of the health of an outbound endpoint, line by line. */
export function printHealth(health: EndpointHealthReport): void {
  for (const line of ['', ...heardLines(health), ...waitingLines(health)]) printLine(line);
}

function heardLines(health: EndpointHealthReport): string[] {
  const { succeededAt, failedAt, failingSince, exhausted = 0, warned = 0, disabled } = health;
  const accepted =
    succeededAt === undefined ? 'no delivery accepted yet' : `last accepted ${textOf(succeededAt)}`;
  if (failingSince === undefined || failedAt === undefined) return [`Health: ${accepted}.`];
  return [
    `Health: only failures since ${textOf(failingSince)}, the last ${textOf(failedAt)}; ${accepted}.`,
    `  Dead letters by them: ${exhausted}. Warnings: ${warned}.`,
    ...(disabled
      ? [
          `  If that lasts until ${textOf(disabled.notBefore)}, and ${disabled.exhausted} are dead letters, the endpoint is disabled.`,
        ]
      : []),
  ];
}

function waitingLines({ held, release }: EndpointHealthReport): string[] {
  if (held && held.deliveries > 0) {
    const since = held.since === undefined ? '' : ` Held since ${textOf(held.since)}.`;
    return [`Deliveries held: ${held.deliveries}.${since}`];
  }
  if (!release) return [];
  const { released, backlog, perSecond, startedAt } = release;
  const rate = perSecond === undefined ? '' : `, ${perSecond} a second on each host`;
  return [`Held deliveries released since ${textOf(startedAt)}: ${released} of ${backlog}${rate}.`];
}
