import express, { type ErrorRequestHandler, type Express } from 'express';
import { GlueError, loggedError, type Logger } from 'glue-core';

/** One thing that must work for the host to be ready; `ok` or what is wrong. */
export type ReadinessCheck = () => Promise<string> | string;

export interface HealthParts {
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  readonly logger: Logger;
}

export const OK = 'ok';

/** What the host answers beside webhooks: whether it lives, whether it is ready, and 404 for the rest. */
export function createHealthApp({ checks, logger }: HealthParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use((_request, response, next) => {
    response.set('cache-control', 'no-store');
    next();
  });

  app.get('/healthz', (_request, response) => {
    response.json({ status: OK });
  });

  app.get('/readyz', async (_request, response) => {
    const found = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await check()] as const),
    );
    const ready = found.every(([, state]) => state === OK);
    response
      .status(ready ? 200 : 503)
      .json({ status: ready ? 'ready' : 'not_ready', checks: Object.fromEntries(found) });
  });

  app.use((_request, response) => {
    response.status(404).json({ error: { code: 'not_found', message: 'There is nothing here.' } });
  });
  app.use(answerError(logger));
  return app;
}

/** The one place that answers errors. Express knows it by its four parameters. */
function answerError(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const known = error instanceof GlueError;
    if (!known || error.status >= 500)
      logger.error({ method: request.method, ...loggedError(error) }, 'a request failed');
    const [status, code, message] = known
      ? [error.status, error.code, error.message]
      : [statusOf(error), 'GLUE_INTERNAL', 'Something went wrong.'];
    response.status(status).json({ error: { code, message } });
  };
}

/** Express marks what the caller did wrong, such as a URL that cannot be decoded, with a status. */
function statusOf(error: unknown): number {
  const marked = error instanceof Error && 'status' in error ? error.status : undefined;
  return typeof marked === 'number' && marked >= 400 && marked < 500 ? marked : 500;
}
