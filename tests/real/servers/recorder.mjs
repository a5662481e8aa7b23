// A token endpoint that accepts whatever comes and writes it down, so that two clients' requests can be compared.
//
// usage: node recorder.mjs FOLDER
//   FOLDER/answer     the body of every answer, read at each request
//   FOLDER/requests   it appends one JSON object a request here: method, url, headers and body (base64)
//
// Left out are the headers in which clients differ by nature: who they are, what they decompress, how they keep connections.
// It prints its address on one line once it listens and ends when stdin closes.

import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const folder = process.argv[2];
const server = createServer(async (request, answer) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const { host, connection, 'user-agent': agent, 'accept-encoding': codings, 'content-length': length, ...headers } = request.headers;
  const sorted = Object.fromEntries(Object.entries(headers).sort());
  const { method, url } = request;
  const body = Buffer.concat(parts).toString('base64');
  appendFileSync(join(folder, 'requests'), `${JSON.stringify({ method, url, headers: sorted, body })}\n`);
  answer.writeHead(200, { 'content-type': 'application/json' });
  answer.end(readFileSync(join(folder, 'answer')));
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
process.stdin.resume().on('end', () => process.exit());
