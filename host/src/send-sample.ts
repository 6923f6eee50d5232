import { GlueError, messageOf, type BackendReference } from 'glue-core';
import { readSample, type Sample } from './discovery/read-sample.js';
import { INBOUND_PREFIX } from './http/create-server.js';
import type { Installation } from './installation.js';
import { importSides } from './sides/import-sides.js';

/** How long the host may take to answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 15_000;

/** A sample event, signed as the provider of a backend would, and where it goes. */
export interface SignedSample extends Sample {
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface SampleOptions {
  /** @defaultValue the connector's first sample */
  readonly event?: string;
  /** Changes the body before it is signed. */
  readonly edit?: (body: Buffer) => Buffer;
  /** Unix milliseconds. @defaultValue now */
  readonly signedAt?: number;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** @throws GLUE_BACKEND_UNUSABLE, GLUE_SIDE_ABSENT, GLUE_ENDPOINT_NOT_FOUND, GLUE_SAMPLE_NOT_FOUND, GLUE_ENDPOINT_INCOMPLETE */
export async function signedSample(
  installation: Installation,
  reference: BackendReference,
  { event, edit = (body) => body, signedAt = installation.clock.now() }: SampleOptions = {},
): Promise<SignedSample> {
  const { registry, types, connectors } = installation;
  const lookup = registry.find(reference);
  const who = `backend ${reference.type},${reference.id}`;
  if (lookup.state !== 'ready') {
    await installation.store.get(reference); // A record that is not there is another mistake than one that is disabled.
    throw new GlueError('GLUE_BACKEND_UNUSABLE', `${who}: ${lookup.reason}`);
  }
  const { path, config, secrets, signSample } = await receivingEnd(installation, reference, who);
  const connector = types.connectorOf(reference.type);
  const found = connectors.find(({ id }) => id === connector)?.found;
  if (!found) throw new GlueError('GLUE_CONNECTOR_NOT_FOUND', `${who}: its connector was not discovered`);

  const sample = await readSample(found, event);
  const body = edit(sample.body);
  const { publicUrl } = installation.config.host;
  const means = { backend: lookup.instance, own: { secrets }, publicUrl };
  const { url, headers } = await signSample(config, means, { url: path, body }, signedAt);
  return { ...sample, body, path: url, headers: { 'content-type': 'application/json', ...headers } };
}

async function receivingEnd({ inbound }: Installation, reference: BackendReference, who: string) {
  const { inbound: module } = await importSides();
  if (!inbound || !module)
    throw new GlueError(
      'GLUE_SIDE_ABSENT',
      'a sample goes to the inbound side, which this host does not have',
    );
  const [endpoint] = await inbound.endpoints.listForBackend(reference);
  if (!endpoint)
    throw new GlueError(
      'GLUE_ENDPOINT_NOT_FOUND',
      `${who} has no inbound endpoint: glue backends provision ${reference.type},${reference.id}`,
    );
  const { config, code, problems } = endpoint;
  if (!config)
    throw new GlueError('GLUE_ENDPOINT_INVALID', `inbound endpoint "${code}" is not valid`, { problems });
  const secrets = (await inbound.endpoints.secrets.openAll()).get(endpoint.id);
  return { path: INBOUND_PREFIX + (endpoint.path ?? code), config, secrets, signSample: module.signSample };
}

/** Posts to a running host. @throws GLUE_HOST_UNREACHABLE also for what is no URL */
export async function post(
  hostUrl: string,
  { path, headers, body }: Pick<SignedSample, 'path' | 'headers' | 'body'>,
): Promise<Answer> {
  const url = URL.parse(path, hostUrl);
  if (!url?.protocol.startsWith('http')) {
    throw new GlueError(
      'GLUE_HOST_UNREACHABLE',
      `"${hostUrl}" is no URL of a host: write it like http://127.0.0.1:3400`,
    );
  }
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    const reason =
      error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
    throw new GlueError('GLUE_HOST_UNREACHABLE', `no host answers at ${url.origin}: ${reason}`, {
      cause: error,
    });
  }
}
