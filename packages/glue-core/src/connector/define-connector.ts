import type { BackendClass } from '../backend/backend-class.js';
import { CONTRACT_VERSION } from './contract-version.js';

/** A class that processes events or shapes deliveries, offered by a connector under a name. */
export interface HandlerClass {
  new (...args: never[]): object;
  /** Name within the connector; endpoints refer to it as `<connector>:<handlerId>`. */
  readonly handlerId: string;
}

/** What the default export of a connector holds. */
export interface ConnectorDefinition {
  readonly backends?: readonly BackendClass[];
  readonly handlers?: readonly HandlerClass[];
}

/** A definition with the marks by which a host knows contract and copy of glue-core. */
export interface Connector extends Required<ConnectorDefinition> {
  readonly apiVersion: number;
  /** @internal the copy of glue-core that made it */
  readonly madeBy: symbol;
}

/** Unique per loaded copy of glue-core; two copies cannot share backend classes or container. */
export const CORE_COPY = Symbol('glue-core');

/**
 * Defines a connector; the default export of its main module.
 * @since contract 1
 */
export function defineConnector({ backends = [], handlers = [] }: ConnectorDefinition): Connector {
  return { apiVersion: CONTRACT_VERSION, madeBy: CORE_COPY, backends, handlers };
}
