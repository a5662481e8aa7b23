// The certified oidc-provider with one login whose refresh token is replaced at every use; a used one revokes the login.
//
// usage: node refresh-oidc-provider.mjs FOLDER
// It writes the login's first refresh token to FOLDER/first, prints its token endpoint on one line, and ends when stdin closes.

import { Console } from 'node:console';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import Provider from 'oidc-provider';

// The provider's notices too: nothing reads stdout after the address.
globalThis.console = new Console(process.stderr);

const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const scope = 'openid offline_access';

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'app',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: ['https://app.example.com/'],
    },
  ],
  findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  features: { devInteractions: { enabled: false } },
  rotateRefreshToken: true,
});
provider.on('server_error', (_ctx, error) => console.error(error));

const grant = new provider.Grant({ accountId: 'me', clientId: 'app' });
grant.addOIDCScope(scope);
const grantId = await grant.save();
const first = new provider.RefreshToken({
  accountId: 'me',
  client: await provider.Client.find('app'),
  grantId,
  gty: 'authorization_code',
  scope,
});
writeFileSync(join(process.argv[2], 'first'), await first.save());

server.on('request', provider.callback());
process.stdin.resume().on('end', () => process.exit());
process.stdout.write(`${issuer}/token\n`);
