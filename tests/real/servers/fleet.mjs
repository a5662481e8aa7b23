// A token endpoint for many machines at once: each answer is another token, and a script decides how it answers.
//
// usage: node fleet.mjs FOLDER
//   FOLDER/how        JSON, read at each request; all optional: delay_ms, expires_in, status, retry_after
//   FOLDER/requests   it appends a line to it for each request
//   FOLDER/wait       while this file exists, answers wait
// It prints its address on one line once it listens and ends when stdin closes.

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

const folder = process.argv[2];
let count = 0;

const server = createServer(async (request, answer) => {
  request.resume();
  const how = JSON.parse(readFileSync(join(folder, 'how'), 'utf8'));
  const number = ++count;
  appendFileSync(join(folder, 'requests'), `${Date.now()}\n`);
  await after(how.delay_ms ?? 0);
  while (existsSync(join(folder, 'wait'))) await after(20);
  const headers = { 'content-type': 'application/json' };
  if (how.retry_after) headers['retry-after'] = how.retry_after;
  const status = how.status ?? 200;
  answer.writeHead(status, headers);
  answer.end(JSON.stringify(status === 200
    ? { access_token: `fleet-token-${number}-of-this-run`, expires_in: how.expires_in ?? 3600, token_type: 'Bearer' }
    : { error: 'access_denied', error_description: 'not today' }));
});
server.keepAliveTimeout = 1;
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
process.stdin.resume().on('end', () => process.exit());
