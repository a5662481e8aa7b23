// oauth2-mock-server, which publishes metadata of `localhost` at the address that it was told to listen at.
//
// usage: node oauth2-mock-server.mjs FOLDER
// It prints its address on one line once it listens, writes its issuer to FOLDER/issuer, and ends when stdin closes.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OAuth2Server } from 'oauth2-mock-server';

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
await server.start(0, '127.0.0.1');
writeFileSync(join(process.argv[2], 'issuer'), server.issuer.url);
process.stdin.resume().on('end', () => process.exit());
process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
