// @node-oauth/oauth2-server with one login whose refresh token is replaced at every use.
//
// usage: node refresh-node-oauth2-server.mjs FOLDER
// It writes the login's first refresh token to FOLDER/first, prints its token endpoint on one line, and ends when stdin closes.

import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import OAuth2Server from '@node-oauth/oauth2-server';

const client = { id: 'app', grants: ['refresh_token'] };
const user = { id: 'me' };
const good = new Map();
const first = randomUUID();
good.set(first, { refreshToken: first, client, user });

const oauth = new OAuth2Server({
  model: {
    getClient: (id) => (id === client.id ? client : null),
    getRefreshToken: (token) => good.get(token),
    revokeToken: ({ refreshToken }) => good.delete(refreshToken),
    saveToken: (token) => {
      const saved = { ...token, client, user };
      good.set(token.refreshToken, saved);
      return saved;
    },
  },
  requireClientAuthentication: { refresh_token: false },
});

const server = createServer(async (received, answer) => {
  let text = '';
  for await (const chunk of received) text += chunk;
  const request = new OAuth2Server.Request({
    body: Object.fromEntries(new URLSearchParams(text)),
    headers: received.headers,
    method: received.method,
    query: {},
  });
  const response = new OAuth2Server.Response();
  // An error is in the response too.
  await oauth.token(request, response).catch(() => {});
  answer.writeHead(response.status, response.headers).end(JSON.stringify(response.body));
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
writeFileSync(join(process.argv[2], 'first'), first);
process.stdin.resume().on('end', () => process.exit());
process.stdout.write(`http://127.0.0.1:${server.address().port}/token\n`);
