// The certified oidc-provider, where every user is logged in and every login approved without a page in between.
//
// usage: node login.mjs FOLDER
//   FOLDER/push   if it is there, only pushed authorization requests are accepted
//   GET /approve?user_code=…, /deny?user_code=…   what the user decides about a device
// It prints its issuer on one line, and ends when stdin closes.

import { Console } from 'node:console';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import Provider from 'oidc-provider';

// The provider's notices too: nothing reads stdout after the address.
globalThis.console = new Console(process.stderr);

const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const scope = 'openid';

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'app',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: [
        'authorization_code',
        'refresh_token',
        'urn:ietf:params:oauth:grant-type:device_code',
      ],
      response_types: ['code'],
      redirect_uris: ['http://127.0.0.1/callback'],
    },
  ],
  findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  features: {
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    pushedAuthorizationRequests: {
      enabled: true,
      requirePushedAuthorizationRequests: existsSync(join(process.argv[2], 'push')),
    },
    revocation: { enabled: true },
  },
  pkce: { required: () => true },
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
});
provider.on('server_error', (_ctx, error) => console.error(error));

async function granted() {
  const grant = new provider.Grant({ accountId: 'me', clientId: 'app' });
  grant.addOIDCScope(scope);
  return grant.save();
}

async function decide(userCode, isApproved) {
  const code = await provider.DeviceCode.findByUserCode(userCode.replace(/-/g, ''));
  if (isApproved) {
    Object.assign(code, { accountId: 'me', scope, grantId: await granted() });
    code.authTime = Math.floor(Date.now() / 1000);
  } else {
    Object.assign(code, { error: 'access_denied', errorDescription: 'not today' });
  }
  await code.save();
}

const callback = provider.callback();
server.on('request', async (request, answer) => {
  const url = new URL(request.url, issuer);
  if (url.pathname.startsWith('/interaction/')) {
    const result = { login: { accountId: 'me' }, consent: { grantId: await granted() } };
    return provider.interactionFinished(request, answer, result);
  }
  if (url.pathname === '/approve' || url.pathname === '/deny') {
    await decide(url.searchParams.get('user_code'), url.pathname === '/approve');
    return answer.end('decided\n');
  }
  return callback(request, answer);
});
process.stdin.resume().on('end', () => process.exit());
process.stdout.write(`${issuer}\n`);
