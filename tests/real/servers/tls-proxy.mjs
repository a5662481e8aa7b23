// A proxy that is reached over TLS, and the token endpoint behind it, in one server: whatever host a CONNECT names, it connects to itself.
//
// usage: node tls-proxy.mjs FOLDER
//   FOLDER/cert.pem, FOLDER/key.pem   what it presents
//   FOLDER/requests                   it appends a line each: METHOD URL PROXY-AUTHORIZATION
// It prints its address on one line once it listens and ends when stdin closes.

import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';

const folder = process.argv[2];
const read = (name) => readFileSync(join(folder, name));
const record = (request) => appendFileSync(
  join(folder, 'requests'),
  `${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? '-'}\n`,
);

const server = createServer({ cert: read('cert.pem'), key: read('key.pem') }, (request, answer) => {
  record(request);
  answer.setHeader('content-type', 'application/json');
  answer.end('{"access_token":"t0ken","expires_in":3600}');
});

server.on('connect', (request, client) => {
  record(request);
  const inner = connect(server.address().port, '127.0.0.1', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    inner.pipe(client).pipe(inner);
  });
  for (const end of [inner, client]) end.on('error', () => {});
});

server.listen(0, '127.0.0.1', () => console.log(`https://127.0.0.1:${server.address().port}`));
process.stdin.on('end', () => process.exit()).resume();
