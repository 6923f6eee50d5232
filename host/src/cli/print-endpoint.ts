import { UNVERIFIED, type ShownEndpoint } from './endpoint-rows.js';
import { ownCommand } from './own-command.js';
import { printLine } from './print.js';

/** Says what became of an endpoint: where it is, and what is to be done. @param did - the end of the sentence */
export function printEndpoint(shown: ShownEndpoint, did: string, configOption: string | undefined): void {
  const { side, endpoint, where, isUnverified } = shown;
  printLine(`The ${side} endpoint "${endpoint.code}" ${did}.`);
  if (where !== undefined) printLine(`  ${where}`);
  if (isUnverified) printLine(`  ${UNVERIFIED}`);
  printProblems(shown);
  if (endpoint.state === 'draft' && endpoint.problems.length === 0)
    printLine(`It is complete: ${ownCommand(`endpoints activate ${endpoint.code}`, configOption)}`);
}

/** What keeps an endpoint from being active, or from working while it is, line by line. */
export function printProblems({ endpoint: { problems, state } }: ShownEndpoint): void {
  if (problems.length === 0) return;
  printLine(state === 'active' ? 'It is BROKEN:' : 'To be active it needs more:');
  for (const problem of problems) printLine(`  - ${problem}`);
}
