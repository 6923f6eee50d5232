import { formatBackendReference, messageOf, type ConnectorBackend } from 'glue-core';
import type { RawRequest } from '../receive/raw-request.js';
import type { InboundEndpointConfig } from './endpoint-config.js';
import { connectorFunctionsOf } from './source.js';

/**
 * Reads one value from a proven request, which waits for it: pure, synchronous and quick. Nothing, null and blank
 * text are no value.
 * @param document - the parsed body; undefined when the payload contract is `raw`. Foreign data
 * @since contract 1
 */
export type SemanticFunction = (
  request: RawRequest,
  document: unknown,
) => string | number | boolean | null | undefined;

/** A backend that may offer semantic functions, by name. */
type Offerer = ConnectorBackend & { readonly semanticFunctions?: Readonly<Record<string, SemanticFunction>> };

/** A semantic function with its owner, for messages. */
export interface OwnedFunction {
  readonly call: SemanticFunction;
  /** `<type>,<id>` of its backend. */
  readonly backend: string;
}

/** The functions that an endpoint's sources name, by name. */
export type SemanticFunctions = ReadonlyMap<string, OwnedFunction>;

/** The functions that sources of an endpoint name, and what is wrong with the others. */
export function semanticFunctionsOf(
  { semantics, orderingKey = [] }: Pick<InboundEndpointConfig, 'semantics' | 'orderingKey'>,
  backend: Offerer | undefined,
): { readonly functions: SemanticFunctions; readonly problems: readonly string[] } {
  const functions = new Map<string, OwnedFunction>();
  const problems: string[] = [];
  for (const name of new Set(connectorFunctionsOf([...Object.values(semantics).flat(), ...orderingKey]))) {
    const found = findFunction(backend, name);
    if (typeof found === 'string') problems.push(found);
    else functions.set(name, found);
  }
  return { functions, problems };
}

/** Connectors may be written without types, and what they offer may be a getter that throws. */
function findFunction(backend: Offerer | undefined, name: string): OwnedFunction | string {
  if (!backend)
    return `a source asks for the semantic function "${name}", but no backend that works is linked`;
  const who = formatBackendReference(backend.reference);
  try {
    const offered = backend.semanticFunctions ?? {};
    const call = Object.hasOwn(offered, name) ? offered[name] : undefined;
    if (typeof call === 'function') return { call, backend: who };
    return `backend ${who} offers no semantic function "${name}"`;
  } catch (error) {
    return `backend ${who} cannot say which semantic functions it offers: ${messageOf(error)}`;
  }
}
