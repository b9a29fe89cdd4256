#!/usr/bin/env node
// The client of the chain tells of blocks where the runtime was replaced among the last final ones
// when it connected: with the library as it is bundled, see tools/mends.mjs. The node is made up,
// because a real one would have to be met within sixteen blocks.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { Blake2256 } from '@polkadot-api/substrate-bindings';
import esbuild from 'esbuild';

import { mends } from '../tools/mends.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const scratch = mkdtempSync(join(tmpdir(), 'medchain-follow-'));

const hex = (bytes) => `0x${Buffer.from(bytes).toString('hex')}`;
/** The first of the final blocks: its parent, the number 7, two roots, no digest. */
const header = new Uint8Array([...new Uint8Array(32).fill(1), 7 << 2, ...new Uint8Array(64).fill(2), 0]);
const hashes = [hex(Blake2256(header)), ...[3, 4, 5, 6].map((byte) => hex(new Uint8Array(32).fill(byte)))];

/** A node whose final blocks have these codes. */
function node(codes, count) {
  return (onMessage) => {
    const say = (message) => setImmediate(() => onMessage({ jsonrpc: '2.0', ...message }));
    const tell = (result) => say({ method: 'chainHead_v1_followEvent', params: { subscription: 'one', result } });
    return {
      send({ id, method, params }) {
        if (method === 'chainHead_v1_follow') {
          say({ id, result: 'one' });
          tell({ event: 'initialized', finalizedBlockHashes: hashes });
          tell({ event: 'bestBlockChanged', bestBlockHash: hashes.at(-1) });
        } else if (method === 'chainHead_v1_header') {
          say({ id, result: hex(header) });
        } else if (method === 'chainHead_v1_storage') {
          count.asked += 1;
          const operationId = `${count.asked}`;
          say({ id, result: { result: 'started', operationId, discardedItems: 0 } });
          tell({ event: 'operationStorageItems', operationId, items: [{ key: '0x3a636f6465', hash: codes[hashes.indexOf(params[1])] }] });
          tell({ event: 'operationStorageDone', operationId });
        }
        // Of metadata and anything else, it says nothing.
      },
      disconnect() {},
    };
  };
}

/** The library, bundled with these plugins. */
async function library(name, plugins) {
  const outfile = join(scratch, `${name}.mjs`);
  await esbuild.build({
    stdin: { contents: "export { createClient } from 'polkadot-api';", resolveDir: root },
    bundle: true, format: 'esm', platform: 'node', conditions: ['module', 'import'], outfile, plugins, logLevel: 'warning',
  });
  return import(pathToFileURL(outfile).href);
}

/** The number of the last final block that a client hears of, and how often it asked for a code. */
function heard({ createClient }, codes) {
  const count = { asked: 0 };
  const client = createClient(node(codes, count));
  return new Promise((resolve) => {
    const end = (number) => { client.destroy(); resolve({ number, asked: count.asked }); };
    const late = setTimeout(() => end(null), 2000);
    client.finalizedBlock$.subscribe({
      // The last of those that it is told of at once.
      next: ({ number, hash }) => { if (hash === hashes.at(-1)) { clearTimeout(late); end(number); } },
      error: () => undefined,
    });
  });
}

let failed = 0;
function check(what, is) {
  if (!is) failed += 1;
  console.log(`${is ? 'ok     ' : 'FAILED '} ${what}`);
}

const [A, B, C] = ['a', 'b', 'c'].map((letter) => `0x${letter.repeat(64)}`);
const mended = await library('mended', [mends]);
for (const [name, codes] of Object.entries({
  'no other runtime': [A, A, A, A, A],
  'another runtime in the last block': [A, A, A, A, B],
  'in the second': [A, B, B, B, B],
  'in the middle': [A, A, B, B, B],
  'twice': [A, B, B, C, C],
})) {
  const { number, asked } = await heard(mended, codes);
  check(`${name}: block ${number} after ${asked} questions`, number === 11 && asked <= 7);
}
const { number, asked } = await heard(await library('plain', []), [A, A, B, B, B]);
check(`without the mend, block ${number} after ${asked} questions: it is still needed`, number === null && asked > 20);
rmSync(scratch, { recursive: true, force: true });
process.exit(failed === 0 ? 0 : 1);
