// A token endpoint in cint's dialect and the API behind it, which write down every request they get.
//
// It exists for what a real OAuth server cannot show: what a script's request to the API carried, and what the
// machine looks like while that request is under way.
//
// usage: node endpoint.mjs FOLDER
//   FOLDER/secret     the client secret it accepts, read at each token request
//   FOLDER/token      the access token it gives
//   FOLDER/requests   it appends one JSON object a request here: {"path":…, "authorization":… or null}
//
//   POST /oauth/token  JSON with client_id, client_secret, audience, grant_type
//   GET  /api          200 with the token, 401 without
//   GET  /held         the same, but not before GET /release
// It prints its address on one line once it listens and ends when stdin closes.

import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const folder = process.argv[2];
const token = readFileSync(join(folder, 'token'), 'utf8');
const held = [];

async function tokenRequest(request, answer) {
  let text = '';
  for await (const part of request.setEncoding('utf8')) text += part;
  const sent = JSON.parse(text);
  const good = request.method === 'POST'
    && sent.client_id === 'id'
    && sent.client_secret === readFileSync(join(folder, 'secret'), 'utf8')
    && sent.audience === 'https://api.luc.id'
    && sent.grant_type === 'client_credentials';
  answer.writeHead(good ? 200 : 401, { 'content-type': 'application/json' });
  answer.end(JSON.stringify(good
    ? { access_token: token, expires_in: 86400, token_type: 'Bearer' }
    : { error: 'access_denied', error_description: 'Unauthorized' }));
}

const server = createServer(async (request, answer) => {
  const { authorization = null } = request.headers;
  appendFileSync(join(folder, 'requests'), `${JSON.stringify({ path: request.url, authorization })}\n`);
  const serve = () => {
    answer.writeHead(authorization === `Bearer ${token}` ? 200 : 401);
    answer.end();
  };
  switch (request.url) {
    case '/oauth/token': return tokenRequest(request, answer).catch(() => answer.writeHead(400).end());
    case '/api': return serve();
    case '/held': return held.push(serve);
    case '/release':
      while (held.length > 0) held.pop()();
      return answer.end();
    default: return answer.writeHead(404).end();
  }
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
process.stdin.resume().on('end', () => process.exit());
