import { messageOf, type SideName } from 'glue-core';
import type * as inboundModule from 'glue-inbound';
import type * as outboundModule from 'glue-outbound';

/** The side packages that are installed. */
export interface SideModules {
  readonly inbound?: typeof inboundModule;
  readonly outbound?: typeof outboundModule;
}

/** Loads the side packages; one that is not installed is absent. */
export async function importSides(): Promise<SideModules> {
  const inbound = await ifInstalled('glue-inbound', () => import('glue-inbound'));
  const outbound = await ifInstalled('glue-outbound', () => import('glue-outbound'));
  return { ...(inbound && { inbound }), ...(outbound && { outbound }) };
}

/** Those of the modules that the config switches on. */
export function wantedSides({ inbound, outbound }: SideModules, wanted: readonly SideName[]): SideModules {
  return {
    ...(inbound && wanted.includes('inbound') && { inbound }),
    ...(outbound && wanted.includes('outbound') && { outbound }),
  };
}

/** The sides that there are. */
export function sideNamesOf({ inbound, outbound }: SideModules): SideName[] {
  return [...(inbound ? ['inbound' as const] : []), ...(outbound ? ['outbound' as const] : [])];
}

/** The module, or undefined when that very package is missing; any other failure is thrown. */
export async function ifInstalled<T>(packageName: string, load: () => Promise<T>): Promise<T | undefined> {
  try {
    return await load();
  } catch (error) {
    if (isMissing(error, packageName)) return undefined;
    throw error;
  }
}

/** Whether an import failed since that very package is not installed. */
export function isMissing(error: unknown, packageName: string): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    messageOf(error).includes(`'${packageName}'`)
  );
}
