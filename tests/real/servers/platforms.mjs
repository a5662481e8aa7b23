// Stand-ins for the platforms that issue an identity to a job, each as its documentation describes it: GitHub Actions, Azure
// Pipelines and App Service on loopback; the metadata servers of Azure and Google at their fixed address, which the test's own
// network has.
//
// usage: node platforms.mjs FOLDER
//   FOLDER/platform.pem   the key that signs
//   FOLDER/claims.json    the claims besides aud, iat, exp and jti, read for each identity
//   FOLDER/fault          refuse, html, silent or redirect instead of an identity, if the file exists
//   FOLDER/asked          the requests, a JSON object per line
// It prints its address on loopback once it listens and ends when stdin closes. GET /mint?audience= gives an identity as is.

import { createPrivateKey, randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { SignJWT } from 'jose';

const folder = process.argv[2];
const file = (name) => join(folder, name);
const key = createPrivateKey(readFileSync(file('platform.pem')));

const identity = (audience) =>
  new SignJWT(JSON.parse(readFileSync(file('claims.json'), 'utf8')))
    .setProtectedHeader({ alg: 'RS256', kid: 'platform' })
    .setAudience(audience ?? 'none')
    .setIssuedAt()
    .setExpirationTime('5m')
    .setJti(randomUUID())
    .sign(key);

const json = (status, body) => [status, 'application/json', JSON.stringify(body)];

const services = {
  '/mint': async (_request, query) => [200, 'text/plain', await identity(query.get('audience'))],
  '/github': async (request, query) => {
    if (request.headers.authorization !== 'Bearer github-request') return json(401, { message: 'not authorized' });
    return json(200, { count: 1, value: await identity(query.get('audience')) });
  },
  '/msi/token': async (request, query) => {
    if (request.headers['x-identity-header'] !== 'app-header') return json(401, { message: 'no identity header' });
    return json(200, { access_token: await identity(query.get('resource')), token_type: 'Bearer' });
  },
  '/oidctoken': async (request) => {
    if (request.method !== 'POST' || request.headers['x-tfs-fedauthredirect'] !== 'Suppress') return [302, 'text/html', ''];
    if (request.headers.authorization !== 'Bearer pipeline-access') return json(401, { message: 'not authorized' });
    return json(200, { oidcToken: await identity('api://AzureADTokenExchange') });
  },
};

const metadata = {
  '/metadata/identity/oauth2/token': async (request, query) => {
    if (request.headers.metadata !== 'true') {
      return json(400, { error: 'invalid_request', error_description: 'Required metadata header not specified' });
    }
    return json(200, { access_token: await identity(query.get('resource')), token_type: 'Bearer' });
  },
  '/computeMetadata/v1/instance/service-accounts/default/identity': async (request, query) => {
    if (request.headers['metadata-flavor'] !== 'Google') return [403, 'text/html', 'Missing Metadata-Flavor:Google header.'];
    return [200, 'text/html', await identity(query.get('audience'))];
  },
};

const answer = (paths) => async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  appendFileSync(file('asked'), `${JSON.stringify({ path: url.pathname, target: request.url, headers: request.headers })}\n`);
  const fault = url.pathname !== '/mint' && existsSync(file('fault')) ? readFileSync(file('fault'), 'utf8').trim() : '';
  if (fault === 'silent') return;
  const faults = {
    refuse: json(403, { error: 'forbidden', error_description: 'no identity for this job' }),
    html: [200, 'text/html', '<html>sign in</html>'],
    redirect: [302, 'text/html', ''],
  };
  const service = paths[url.pathname] ?? (async () => [404, 'text/plain', '']);
  const [status, type, body] = faults[fault] ?? (await service(request, url.searchParams));
  response.writeHead(status, { 'content-type': type, ...(status === 302 && { location: '/elsewhere' }) });
  response.end(body);
};

const listen = (server, port, address) => new Promise((listening) => server.listen(port, address, listening));
const loopback = createServer(answer(services));
await listen(loopback, 0, '127.0.0.1');
await listen(createServer(answer(metadata)), 80, '169.254.169.254');
process.stdin.resume().on('end', () => process.exit());
process.stdout.write(`http://127.0.0.1:${loopback.address().port}\n`);
