// A token endpoint, and behind it a git repository, a cargo index, a container registry and a Kubernetes API that let
// nobody in without credentials and write down what they were shown.
//
// It exists so that git, cargo, skopeo and kubectl have something to ask for a token for: whether tok speaks their
// protocols is for them to say.
//
// usage: node asks-everyone.mjs FOLDER
//   FOLDER/token      the access token it gives
//   FOLDER/requests   it appends one JSON object a request here: {"path":…, "authorization":… or null}
//   FOLDER/tls.pem    if it is there, a key and its certificate: it answers over TLS as well
//   FOLDER/tls        and writes that address here
//
//   POST /token               the token, for an hour
//   GET  /repository/…        a git repository with one branch, over the "dumb" protocol
//   GET  /index/…             a sparse cargo index; its API finds no crate
//   GET  /v2/…                a registry without images
//   GET  /version             what `kubectl get --raw /version` asks for
// It prints its address on one line once it listens and ends when stdin closes.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { join } from 'node:path';

const folder = process.argv[2];

function handle(request, answer) {
  const { authorization = null } = request.headers;
  const path = request.url.split('?')[0];
  appendFileSync(join(folder, 'requests'), `${JSON.stringify({ path, authorization })}\n`);
  const json = (value) => {
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.end(JSON.stringify(value));
  };
  if (path === '/token') {
    return json({ access_token: readFileSync(join(folder, 'token'), 'utf8'), expires_in: 3600 });
  }
  if (authorization === null) {
    answer.writeHead(401, { 'www-authenticate': 'Basic realm="test"' });
    return answer.end();
  }
  const base = `http://${request.headers.host}`;
  switch (path) {
    case '/repository/info/refs': return answer.end(`${'a'.repeat(40)}\trefs/heads/main\n`);
    case '/repository/HEAD': return answer.end('ref: refs/heads/main\n');
    case '/index/config.json': return json({ dl: `${base}/dl`, api: base, 'auth-required': true });
    case '/api/v1/crates': return json({ crates: [], meta: { total: 0 } });
    case '/v2/': return json({});
    case '/v2/image/tags/list': return json({ name: 'image', tags: ['latest'] });
    case '/version': return json({ major: '1', minor: '20' });
    default:
      answer.writeHead(404);
      return answer.end();
  }
}

const listen = (server, scheme, announce) => server.listen(0, '127.0.0.1', () => {
  announce(`${scheme}://127.0.0.1:${server.address().port}`);
});
const ready = () => listen(createServer(handle), 'http', (base) => process.stdout.write(`${base}\n`));
const pem = join(folder, 'tls.pem');
if (existsSync(pem)) {
  const both = readFileSync(pem);
  listen(createSecureServer({ key: both, cert: both }, handle), 'https', (base) => {
    writeFileSync(join(folder, 'tls'), base);
    ready();
  });
} else {
  ready();
}
process.stdin.resume().on('end', () => process.exit());
