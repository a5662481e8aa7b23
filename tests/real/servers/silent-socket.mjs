// A Unix socket that takes connections and never says a word, as a hung D-Bus daemon does.
//
// It exists because every other missing keyring fails at once: only this one shows that tok has a deadline.
//
// usage: node silent-socket.mjs FOLDER
// It prints the address of FOLDER/socket once it listens and ends when stdin closes.

import { createServer } from 'node:net';
import { join } from 'node:path';

const path = join(process.argv[2], 'socket');
createServer(() => {}).listen(path, () => process.stdout.write(`unix:path=${path}\n`));
process.stdin.resume().on('end', () => process.exit());
