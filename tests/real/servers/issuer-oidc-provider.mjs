// The certified oidc-provider as an issuer of JWT and of opaque access tokens, which it revokes and introspects.
//
// usage: node issuer-oidc-provider.mjs FOLDER
// It prints its issuer on one line once it listens and ends when stdin closes.

import { Console } from 'node:console';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

// The provider's notices too: nothing reads stdout after the address.
globalThis.console = new Console(process.stderr);

const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'me',
      client_secret: 'a+b/c=d:e%f&g h',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    },
  ],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_ctx, resource) => ({
        audience: resource,
        scope: 'api:read',
        accessTokenFormat: resource.endsWith('/jwt') ? 'jwt' : 'opaque',
      }),
    },
  },
});
provider.on('server_error', (_ctx, error) => console.error(error));

server.on('request', provider.callback());
process.stdin.resume().on('end', () => process.exit());
process.stdout.write(`${issuer}\n`);
