import { createHmac } from 'node:crypto';

export const SECRET = 'a secret of the bench, shared by all servers';
export const SIGNATURE_HEADER = 'x-hub-signature-256';

export interface SignedEvent {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** An event of about a size, with an id that no other has, signed as GitHub signs. */
export function signedEvent(id: string, bytes: number): SignedEvent {
  const body = Buffer.from(`{"id":"${id}",${restOf(bytes)}`);
  return {
    body,
    headers: { 'content-type': 'application/json', [SIGNATURE_HEADER]: signatureOf(body) },
  };
}

export function signatureOf(body: Buffer): string {
  return `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
}

const rests = new Map<number, string>();

/** Objects like those of a provider, not one long text: so that parsing costs what it does in life. */
function restOf(bytes: number): string {
  const known = rests.get(bytes);
  if (known !== undefined) return known;
  const items = Array.from({ length: Math.ceil((bytes - 130) / 96) }, (_, n) => ({
    ...{ sku: `sku-${1000 + n}`, name: `Article number ${n}` },
    ...{ price: 1999, quantity: 1, taxed: true, size: null },
  }));
  const event = { type: 'order.paid', created: 1_700_000_000, data: { object: { items } } };
  const rest = JSON.stringify(event).slice(1);
  rests.set(bytes, rest);
  return rest;
}
