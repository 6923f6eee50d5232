import type { BackendClass } from '../backend/backend-class.js';
import { ConnectorBackend } from '../backend/connector-backend.js';
import { CLOCK, type Clock } from '../clock/clock.js';
import { container } from '../di.js';
import { GlueError } from '../errors/glue-error.js';
import { LOGGER, type Logger } from '../log/logger.js';
import type { HandlerClass } from './define-connector.js';

/** Builds a class of a connector; its constructor may ask for clock and log, by core's tokens, and for nothing else. */
export type BuildConnectorClass = (connectorClass: BackendClass | HandlerClass) => object;

/** A container for the classes of connectors: what is private to the host is not in it. */
export function connectorBuilder({ clock, logger }: { clock: Clock; logger: Logger }): BuildConnectorClass {
  const forConnectors = container.createChildContainer();
  forConnectors.register(CLOCK, { useValue: clock });
  forConnectors.register(LOGGER, { useValue: logger });
  // The container knows the parameters; the contract calls them `never`, since nobody else may pass any.
  return (connectorClass) => forConnectors.resolve<object>(connectorClass as unknown as new () => object);
}

/** Builds backends for the registry. @throws GLUE_CONNECTOR_DEFINITION when what is built is none */
export function backendBuilder(build: BuildConnectorClass): (backendClass: BackendClass) => ConnectorBackend {
  return (backendClass) => {
    const built = build(backendClass);
    if (built instanceof ConnectorBackend) return built;
    throw new GlueError('GLUE_CONNECTOR_DEFINITION', `${built.constructor.name} is no ConnectorBackend`);
  };
}
