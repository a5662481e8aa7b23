// A relay in front of an engine, which delays its answers and writes down every byte.
//
// usage: node relay.mjs FOLDER
//   FOLDER/port       the engine's port on 127.0.0.1
//   FOLDER/delay_ms   how long each answer is delayed
//   FOLDER/bytes      it appends the bytes of both directions here
// It prints its port on one line once it listens and ends when stdin closes.

import { appendFileSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

const folder = process.argv[2];
const number = (name) => Number(readFileSync(join(folder, name), 'utf8'));

const server = createServer((client) => {
  const engine = connect(number('port'), '127.0.0.1');
  const record = (bytes) => appendFileSync(join(folder, 'bytes'), bytes);
  client.on('data', (bytes) => { record(bytes); engine.write(bytes); });
  engine.on('data', (bytes) => { record(bytes); setTimeout(() => client.write(bytes), number('delay_ms')); });
  for (const [one, other] of [[client, engine], [engine, client]]) {
    one.on('close', () => other.destroy());
    one.on('error', () => other.destroy());
  }
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.stdin.resume().on('end', () => process.exit());
