import { createHmac } from 'node:crypto';

export const SECRET = 'a secret of the bench, shared by all servers';
export const SIGNATURE_HEADER = 'x-hub-signature-256';

export interface SignedEvent {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** An event of about a size, with an id that no other has, signed as GitHub signs. */
export function signedEvent(id: string, bytes: number): SignedEvent {
  const body = Buffer.from(eventText(id, bytes));
  return {
    body,
    headers: { 'content-type': 'application/json', [SIGNATURE_HEADER]: signatureOf(body) },
  };
}

export function signatureOf(body: Buffer): string {
  return `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
}

/** Objects like those of a provider, not one long text: so that parsing costs what it does in life. */
function eventText(id: string, bytes: number): string {
  const items: object[] = [];
  const event = {
    id,
    type: 'order.paid',
    created: 1_700_000_000,
    data: { object: { id: `or_${id}`, items } },
  };
  for (let left = bytes - 140; left > 0; left -= 96) {
    const n = items.length;
    items.push({
      sku: `sku-${1000 + n}`,
      name: `Article number ${n}`,
      price: 1999,
      quantity: 1,
      taxed: true,
      size: null,
    });
  }
  return JSON.stringify(event);
}
