// A process of its own, so that what it holds is not counted for the sender: answers by the path with a flood.
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';

const GIGABYTE = 2 ** 30;
const OK = 'HTTP/1.1 200 OK\r\n';
/** A gigabyte of zeros in a megabyte: a file of gzip may have many members (RFC 1952, section 2.2). */
const zeros = gzipSync(Buffer.alloc(GIGABYTE / 16))
  .toString('latin1')
  .repeat(16);
const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;

const floods = {
  '/length': [`${OK}content-length: ${GIGABYTE}\r\n\r\n`, 'x'],
  '/close': ['HTTP/1.0 200 OK\r\n\r\n', 'x'],
  '/chunks': [`${OK}transfer-encoding: chunked\r\n\r\n`, chunk],
  '/gzip': [`${OK}content-encoding: gzip\r\ncontent-length: ${zeros.length}\r\n\r\n`, zeros],
  '/tiny-chunks': [`${OK}transfer-encoding: chunked\r\n\r\n`, '1\r\nx\r\n'],
  '/padded-chunks': [`${OK}transfer-encoding: chunked\r\n\r\n`, `1;${'x'.repeat(60_000)}\r\nx\r\n`],
  '/interim': ['', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'],
  '/header': [`${OK}x-a: `, 'x'],
  '/status-line': ['HTTP/1.1 200 ', 'x'],
  '/trailers': [`${OK}transfer-encoding: chunked\r\n\r\n0\r\n`, 'x-a: b\r\n'],
  '/extension': [`${OK}transfer-encoding: chunked\r\n\r\n1;`, 'x'],
};

const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', (bytes) => {
    const path = / (\S+) /.exec(bytes.toString('latin1'))?.[1] ?? '';
    const flood = floods[path];
    if (!flood) return;
    const [head, text] = flood;
    socket.write(head);
    sendForever(socket, Buffer.from(text.repeat(Math.ceil(65_536 / text.length)), 'latin1'));
  });
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));

function sendForever(socket, bytes) {
  let sent = 0;
  const more = () => {
    while (!socket.destroyed && sent < GIGABYTE) {
      sent += bytes.length;
      if (!socket.write(bytes)) return;
    }
  };
  socket.on('drain', more);
  more();
}
