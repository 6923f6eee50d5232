import type { TextChange } from './odd-parts.ts';
import { encodedBody, type Damage, type Framing, type RequestPlan } from './request-plan.ts';
import { SECRET, type Proof } from './signed-schemes.ts';

/** The bytes of a planned request. @param nowMs - Unix milliseconds, to which the plan's age is relative */
export function writeRequest(plan: RequestPlan, path: string, nowMs: number): Buffer {
  const { body, contentEncoding } = encodedBody(plan);
  const proof = proofOf(plan, body, path, nowMs);
  const target = withQuery(plan.target(path), proof.query);
  const framed = frame(body, plan.framing);
  const headers = [
    ['host', 'fuzz'],
    ...proof.headers,
    ...(contentEncoding === undefined ? [] : [['content-encoding', contentEncoding]]),
    ...plan.headers,
    ...framed.headers,
  ];
  const lines = [`${plan.method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return plan.damage.reduce(damaged, Buffer.concat([head, framed.body]));
}

function proofOf(plan: RequestPlan, body: Buffer, path: string, nowMs: number): Proof {
  const { prove } = plan.subject.scheme;
  const at = Math.floor(nowMs / 1000) - plan.age;
  const target = plan.target(path);
  if (plan.proof === 'none') return { headers: [] };
  if (plan.proof === 'other secret') return prove(body, at, `${SECRET}.`, target);
  if (plan.proof === 'other body') return prove(Buffer.concat([body, Buffer.from(' ')]), at, SECRET, target);
  const proof = prove(body, at, SECRET, target);
  if (plan.proof === 'right') return proof;
  if (plan.proof === 'twice') return { ...proof, headers: [...proof.headers, ...proof.headers.slice(-1)] };
  const { mangled } = plan.proof;
  return {
    ...proof,
    headers: proof.headers.map(([name, value], index) => [
      name,
      index === proof.headers.length - 1 ? changed(value, mangled) : value,
    ]),
  };
}

function withQuery(target: string, query: string | undefined): string {
  if (query === undefined) return target;
  return target + (target.includes('?') ? '&' : '?') + query;
}

function changed(text: string, { at, how, text: other }: TextChange): string {
  const place = Math.floor(at * text.length);
  const [before, after] = [text.slice(0, place), text.slice(place)];
  switch (how) {
    case 'cut':
      return before;
    case 'insert':
      return before + other + after;
    case 'replace':
      return before + other + after.slice(other.length);
    case 'case':
      return before.toUpperCase() + after.toLowerCase();
    case 'repeat':
      return `${text}${other}${text}`;
  }
}

function frame(body: Buffer, framing: Framing): { headers: [string, string][]; body: Buffer } {
  switch (framing.by) {
    case 'length':
      return { headers: [['content-length', String(Math.max(0, body.length + framing.off))]], body };
    case 'chunks':
      return {
        headers: [['transfer-encoding', 'chunked']],
        body: chunked(body, framing.sizes, framing.extra),
      };
    case 'both': {
      const headers: [string, string][] = [
        ['content-length', String(body.length)],
        ['transfer-encoding', 'chunked'],
      ];
      return { headers, body: chunked(body, [body.length + 1], '') };
    }
    case 'nothing':
      return { headers: [], body };
  }
}

function chunked(body: Buffer, sizes: readonly number[], extra: string): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < body.length; turn += 1) {
    const chunk = body.subarray(at, at + (sizes[turn % sizes.length] ?? 1));
    pieces.push(Buffer.from(`${chunk.length.toString(16)}${extra}\r\n`), chunk, Buffer.from('\r\n'));
    at += chunk.length;
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
}

function damaged(bytes: Buffer, { at, how, byte }: Damage): Buffer {
  const place = Math.floor(at * bytes.length);
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  switch (how) {
    case 'flip':
      return Buffer.concat([before, Buffer.from([(bytes[place] ?? 0) ^ byte]), after.subarray(1)]);
    case 'insert':
      return Buffer.concat([before, Buffer.from([byte]), after]);
    case 'delete':
      return Buffer.concat([before, after.subarray(1)]);
  }
}
