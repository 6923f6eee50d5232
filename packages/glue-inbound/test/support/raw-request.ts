import { connect } from 'node:net';

/**
 * Sends bytes that no client would, and resolves with everything that came back when the connection is closed.
 * @param answers - after so many the connection is ended here; none ends it with the bytes
 */
export function sendRaw(port: number, bytes: string | Buffer, answers = 1): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes);
      if (answers === 0) socket.end();
    });
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
      if (statusesOf(answer).length >= answers) socket.end();
    });
    socket.on('error', reject).on('close', () => resolve(answer));
  });
}

/** The statuses of all answers on a connection, in order. */
export function statusesOf(answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
