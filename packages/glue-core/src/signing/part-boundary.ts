import type { HmacScheme, MessagePart, TimestampSource } from './hmac-scheme.js';
import { isSameHeader } from './header-source.js';
import { ISO_TIMESTAMP } from './strict-decoding.js';

/** What of a scheme says where parts end. */
type BoundaryScheme = Pick<HmacScheme, 'message' | 'joiner' | 'timestamp'>;

/**
 * Whether a part leaves open where it ends. What stands between joiners must not hold the joiner, or one signature would
 * prove several requests: the bytes of `a`, `b.c` and of `a.b`, `c` are the same. The body alone may hold anything,
 * since all other parts are found from its two ends. So may what is not the sender's to choose: literals, and the part
 * of the URL in front of its query, which names the endpoint. And JSON values of a body that is signed as it is: a JSON
 * object neither begins nor ends with another one, so the bytes have one body only, and thereby one value.
 * @param at - index of the part in the message
 */
export function blursBoundary(scheme: BoundaryScheme, at: number, text: Buffer): boolean {
  const { message, joiner } = scheme;
  const part = message[at];
  if (joiner === '' || message.length === 1 || !part || isFree(part, message)) return false;
  const found = foundText(part, text);
  // A time of exactly this form says itself where it ends.
  if (isIsoTimestamp(part, scheme.timestamp) && ISO_TIMESTAMP.test(found.toString('latin1'))) return false;
  const edge = Buffer.from(joiner);
  // A joiner of several characters may begin in the part and end in the joiner beside it.
  return at < message.findIndex(isBody)
    ? Buffer.concat([found, edge]).indexOf(edge) < found.length
    : Buffer.concat([edge, found]).lastIndexOf(edge) > 0;
}

const isBody = (part: MessagePart) => 'body' in part || 'form' in part;

function isFree(part: MessagePart, message: readonly MessagePart[]): boolean {
  return isBody(part) || 'literal' in part || ('json' in part && message.some((each) => 'body' in each));
}

function foundText(part: MessagePart, text: Buffer): Buffer {
  if (!('url' in part)) return text;
  const query = text.indexOf('?');
  return query < 0 ? Buffer.alloc(0) : text.subarray(query);
}

function isIsoTimestamp(part: MessagePart, timestamp: TimestampSource | undefined): boolean {
  return timestamp?.format === 'iso8601' && 'header' in part && isSameHeader(part, timestamp);
}
