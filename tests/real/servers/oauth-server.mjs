// An OAuth server that nobody here wrote: the certified oidc-provider, served over TLS on loopback.
//
// It exists so that "tok speaks OAuth" is judged by code that does not share tok's reading of the RFCs.
// Only what a machine-to-machine client needs is switched on: client credentials, introspection, and one
// API (RFC 8707 resource) with one scope.
//
// usage: node oauth-server.mjs FOLDER
//   FOLDER/server.pem, server.key   certificate chain and key to serve with
//   FOLDER/clients.json             its clients, by RFC 7591's names
// It prints its issuer on one line once it listens and ends when stdin closes.

import { Console } from 'node:console';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import Provider, { errors } from 'oidc-provider';

// The provider's notices too: nobody reads stdout once the issuer stands there, and a write would then be fatal.
globalThis.console = new Console(process.stderr);

const folder = process.argv[2];
const read = (name) => readFileSync(join(folder, name), 'utf8');

// The issuer needs the port, and the port is known only once something listens on it.
const server = createServer({ cert: read('server.pem'), key: read('server.key') });
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `https://127.0.0.1:${server.address().port}`;

const clients = JSON.parse(read('clients.json')).map((client) => ({
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  ...client,
}));

const provider = new Provider(issuer, {
  clients,
  enabledJWA: {
    clientAuthSigningAlgValues: ['HS256', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA'],
  },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_ctx, resource) => {
        if (resource !== 'https://api.example.com/orders') throw new errors.InvalidTarget();
        return { audience: resource, scope: 'api:read', accessTokenFormat: 'opaque' };
      },
    },
  },
});
// A 500 would otherwise reach the test as a bare `server_error`.
provider.on('server_error', (_ctx, error) => console.error(error));

server.on('request', provider.callback());
process.stdin.resume().on('end', () => process.exit());
process.stdout.write(`${issuer}\n`);
