import type { SecretBox } from '../crypto/secret-box.js';
import { GlueError, messageOf } from '../errors/glue-error.js';
import type { SideName } from '../side/side-name.js';
import type { EndpointSecret } from './endpoint-secret.js';
import { useOf, windowOf, type EndpointSecretRow } from './endpoint-secret-table.js';

type Place = Pick<EndpointSecretRow, 'id' | 'endpoint_id' | 'used_for'>;

/** Encrypts a secret for its place: moved to another endpoint, another side or another use, it does not open. */
export function sealSecret(value: string, place: Place, side: SideName, box: SecretBox): string {
  return box.seal(value, textOf(place, side));
}

/** The secret of a row in clear, or an error that names endpoint and secret. @param code - of the endpoint */
export function openSecret(
  row: EndpointSecretRow,
  code: string,
  side: SideName,
  box: SecretBox,
): EndpointSecret | GlueError {
  try {
    return { id: row.id, value: box.open(row.sealed, textOf(row, side)), ...useOf(row), ...windowOf(row) };
  } catch (error) {
    return new GlueError(
      'GLUE_SECRET_KEY_MISSING',
      `secret ${row.id} of ${side} endpoint "${code}" does not open: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

const textOf = ({ id, endpoint_id, used_for }: Place, side: SideName) =>
  `${side}-endpoint:${endpoint_id}:${id}${used_for === null ? '' : `:${used_for}`}`;
