import { GlueError, messageOf } from 'glue-core';
import { errors } from 'undici';
import { InterimFloodError } from './response-reader.js';

/** Why no complete response came; `rendering`: what was to be sent is no request. */
export type SendCause =
  | 'dns'
  | 'connect'
  | 'tls'
  | 'timeout'
  | 'reset'
  | 'blocked_address'
  | 'protocol'
  | 'too_large'
  | 'rendering'
  | 'internal';

/** The whole of connecting, headers and body took too long. */
export class DeadlineError extends Error {
  constructor(timeoutMs: number) {
    super(`no complete response within ${timeoutMs} ms`);
  }
}

/** By the code of an error; the first that fits. */
const CAUSES: readonly (readonly [SendCause, RegExp])[] = [
  ['dns', /^(?:ENOTFOUND|EAI_(?!MEMORY|SYSTEM)\w+|ENODATA|ESERVFAIL)$/],
  ['too_large', /^(?:UND_ERR_HEADERS_OVERFLOW|HPE_HEADER_OVERFLOW)$/],
  // ERR_TLS_… and ERR_SSL_… are Node's and OpenSSL's; the rest are names of X509_V_ERR_… (OpenSSL, x509_vfy.h).
  [
    'tls',
    /^(?:ERR_(?:TLS|SSL|OSSL)_\w+|EPROTO|(?:CERT|CRL|INVALID|ERROR_IN|UNABLE_TO)_\w+|\w*SELF_SIGNED\w*|(?:HOSTNAME|EMAIL|IP_ADDRESS)_MISMATCH|\w+_(?:EXCEEDED|TOO_SMALL|TOO_WEAK))$/,
  ],
  ['connect', /^(?:ECONNREFUSED|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/],
  ['reset', /^(?:ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_SOCKET)$/],
  // The parser's word for a connection that ends within a response.
  ['reset', /^HPE_INVALID_EOF_STATE$/],
  ['protocol', /^HPE_\w+$/],
  ['rendering', /^(?:UND_ERR_INVALID_ARG|UND_ERR_REQ_CONTENT_LENGTH_MISMATCH|ERR_INVALID_URL)$/],
];

/**
 * Tells by an error which cause it has, and names it for people. What no cause fits is ours: no file descriptors or
 * local ports left, no memory, an address family that this host does not have. A name that cannot be looked up now
 * (EAI_AGAIN) looks the same whether our resolver is down or the receiver's zone is; it counts as the receiver's, and
 * its circuit breaker keeps the retries. Pure.
 * @param hasBegun - whether the head of a response had arrived
 */
export function sendFailure(error: unknown, hasBegun = false): { cause: SendCause; note: string } {
  if (error instanceof DeadlineError) return { cause: 'timeout', note: error.message };
  if (error instanceof InterimFloodError) return { cause: 'protocol', note: error.message };
  // undici says the same of a body that breaks off and of a head with a length that is none.
  if (error instanceof errors.ResponseContentLengthMismatchError)
    return { cause: hasBegun ? 'reset' : 'protocol', note: 'the response is not as long as it says' };
  if (error instanceof GlueError && error.code === 'GLUE_ADDRESS_BLOCKED')
    return { cause: 'blocked_address', note: error.message };
  // Responses that undici does not take in this place: 100 that nobody asked for, 101, one without a request.
  if (error instanceof errors.SocketError && /^bad /.test(error.message))
    return { cause: 'protocol', note: error.message };
  const code = codeOf(error);
  if (code === undefined && error instanceof errors.HTTPParserError)
    return { cause: 'protocol', note: error.message };
  const [cause = 'internal'] = CAUSES.find(([, pattern]) => pattern.test(code ?? '')) ?? [];
  return { cause, note: code ?? messageOf(error) };
}

/** When every address of a host failed, Node gives the errors together; the first speaks for all. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? codeOf(error.errors[0]) : undefined;
}
