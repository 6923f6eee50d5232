import { GlueError, messageOf } from 'glue-core';

/** Why no complete response came. */
export type SendCause =
  'dns' | 'connect' | 'tls' | 'timeout' | 'reset' | 'blocked_address' | 'protocol' | 'too_large' | 'internal';

const CAUSES: readonly (readonly [SendCause, RegExp])[] = [
  ['dns', /^(?:ENOTFOUND|EAI_\w+|ENODATA|ESERVFAIL)$/],
  ['too_large', /^(?:UND_ERR_HEADERS_OVERFLOW|HPE_HEADER_OVERFLOW)$/],
  ['tls', /^(?:ERR_TLS_\w+|ERR_SSL_\w+|EPROTO|CERT_\w+|\w*SELF_SIGNED\w*|UNABLE_TO_\w+|HOSTNAME_MISMATCH)$/],
  ['connect', /^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT)$/],
  ['reset', /^(?:ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_SOCKET)$/],
  ['timeout', /^(?:UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT)$/],
  ['protocol', /^(?:HPE_\w+|HTTPParserError|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|UND_ERR_RESPONSE)$/],
];

/** Tells by an error which cause it has, and names it for people. Pure. */
export function sendFailure(error: unknown): { cause: SendCause; note: string } {
  if (error instanceof GlueError && error.code === 'GLUE_ADDRESS_BLOCKED')
    return { cause: 'blocked_address', note: error.message };
  const code = codeOf(error);
  const [cause = 'internal'] = CAUSES.find(([, pattern]) => pattern.test(code ?? nameOf(error))) ?? [];
  return { cause, note: code ?? messageOf(error) };
}

/** When every address of a host failed, Node gives the errors together; the first speaks for all. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? codeOf(error.errors[0]) : undefined;
}

const nameOf = (error: unknown) => (error instanceof Error ? error.name : '');
