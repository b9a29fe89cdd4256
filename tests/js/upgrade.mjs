#!/usr/bin/env node
// Upgrades the runtime as an operator does in Polkadot.js Apps: the sudo key
// authorises the code's hash, then anybody hands in the code. Compares all that
// MedChain's pallets store before and after.
//
//   node upgrade.mjs --wasm NEW.wasm [--node ws://127.0.0.1:9944] [--sudo //Alice]
//
// Prints one JSON object; the exit code is 0 if the new runtime runs and
// nothing was lost or changed but for fields that are new.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { blake2AsHex } from '@polkadot/util-crypto';
import { u8aToHex } from '@polkadot/util';

import { connect, devAccount, within } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    wasm: { type: 'string' },
    node: { type: 'string', default: process.env.MEDCHAIN_NODE || 'ws://127.0.0.1:9944' },
    sudo: { type: 'string', default: '//Alice' },
    seconds: { type: 'string', default: '600' },
  },
});
if (!options.wasm) {
  process.stderr.write('usage: node upgrade.mjs --wasm NEW.wasm [--node URL] [--sudo URI]\n');
  process.exit(2);
}
const code = read(options.wasm);
const api = await connect(options.node);
const began = Date.now();
const seconds = () => Math.round((Date.now() - began) / 1000);

// `lib.mjs` keeps what goes to console.error, so errors are written past it.
/** A runtime as `scripts/compact-runtime.sh` leaves it; anything else ends the script. */
function read(path) {
  let bytes;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    process.stderr.write(`error: cannot read the runtime: ${error.message}\n`);
    process.exit(1);
  }
  // The prefix of compressed code, and what a relay chain takes at most.
  if (bytes.subarray(0, 8).toString('hex') !== '52bc537646db8e05' || bytes.length > 3 * 1024 * 1024) {
    process.stderr.write(`error: ${path} is not a compressed runtime of at most 3 MiB: scripts/compact-runtime.sh makes one\n`);
    process.exit(1);
  }
  return bytes;
}

/** Everything that the pallets of MedChain hold at a block, by key. */
async function state(hash) {
  const at = await api.at(hash);
  const items = {};
  for (const pallet of ['emr', 'inference']) {
    for (const [name, query] of Object.entries(at.query[pallet])) {
      if (name === 'palletVersion') continue;
      if (query.entries && query.creator.meta.type.isMap) {
        for (const [key, value] of await query.entries()) items[key.toHex()] = [`${pallet}.${name}`, value.toJSON()];
      } else {
        items[query.key()] = [`${pallet}.${name}`, (await query()).toJSON()];
      }
    }
  }
  const versions = {};
  for (const pallet of ['emr', 'inference']) {
    versions[pallet] = (await at.query[pallet].palletVersion()).toNumber();
  }
  return { items, versions };
}

/** What every block changes by itself: where the list of deadlines was read up to. */
const MOVING = ['inference.nextExpiry'];

/** Whether `after` holds all of `before`; objects may have new fields. */
function keeps(before, after) {
  if (before === null || typeof before !== 'object') return before === after;
  if (after === null || typeof after !== 'object') return false;
  return Object.entries(before).every(([key, value]) => keeps(value, after[key]));
}

/** Sends a call and waits for its final block; returns its events. */
function final(call, signer) {
  return within(180, new Promise((resolve, reject) => {
    const heard = (result) => {
      if (result.dispatchError) reject(new Error(result.dispatchError.toString()));
      else if (result.isFinalized) resolve({ block: result.status.asFinalized, events: result.events });
      else if (result.isError) reject(new Error(`the transaction was not taken: ${result.status.type}`));
    };
    (signer ? call.signAndSend(signer, { nonce: -1 }, heard) : call.send(heard)).catch(reject);
  }));
}
const numberOf = async (hash) => (await api.rpc.chain.getHeader(hash)).number.toNumber();
const versionAt = async (hash) => (await api.rpc.state.getRuntimeVersion(hash)).specVersion.toNumber();

const report = { from: api.runtimeVersion.specVersion.toNumber() };
const authorised = await final(
  api.tx.sudo.sudo(api.tx.system.authorizeUpgrade(blake2AsHex(code))), devAccount(options.sudo),
);
report.authorised = { block: await numberOf(authorised.block), after_s: seconds() };
// Not signed: the code's hash was authorised, so it does not matter who hands it in.
const applied = await final(api.tx.system.applyAuthorizedUpgrade(u8aToHex(code)));
report.stored = { block: await numberOf(applied.block), after_s: seconds() };

// The relay chain looks at the new code first; then a block switches to it.
const switched = await within(Number(options.seconds), (async () => {
  for (let number = report.stored.block; ;) {
    const head = await api.rpc.chain.getFinalizedHead();
    if (number > await numberOf(head)) {
      await new Promise((resolve) => { setTimeout(resolve, 1000); });
      continue;
    }
    const hash = await api.rpc.chain.getBlockHash(number);
    if (await versionAt(hash) !== report.from) return { hash, number };
    number += 1;
  }
})());
// The block that carries the new code in its state was still run by the old
// one: migrations run at the start of the next.
report.switched = { block: switched.number, after_s: seconds() };
const next = await within(180, (async () => {
  for (;;) {
    const head = await api.rpc.chain.getFinalizedHead();
    if (await numberOf(head) > switched.number) return api.rpc.chain.getBlockHash(switched.number + 1);
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
  }
})());
report.to = await versionAt(next);

// At the switch itself the new code stands beside state of the old layout, which
// no metadata fits: the last block before it is what is compared.
const before = await state(await api.rpc.chain.getBlockHash(switched.number - 1));
const after = await state(next);
report.storage_versions = { before: before.versions, after: after.versions };
report.items = { before: Object.keys(before.items).length, after: Object.keys(after.items).length };
const count = {};
for (const [name] of Object.values(before.items)) count[name] = (count[name] ?? 0) + 1;
report.kept = count;
report.lost_or_changed = Object.entries(before.items)
  .filter(([, [name]]) => !MOVING.includes(name))
  .filter(([key, [, value]]) => !after.items[key] || !keeps(value, after.items[key][1]))
  .map(([key, [name]]) => `${name} ${key}`);
report.new_fields = [...new Set(Object.entries(before.items).flatMap(([key, [name, value]]) => {
  const now = after.items[key]?.[1];
  if (now === null || typeof now !== 'object' || Array.isArray(now) || value === null) return [];
  return Object.keys(now).filter((field) => !(field in value)).map((field) => `${name}.${field}`);
}))];
console.log(JSON.stringify(report, null, 2));
process.exit(report.to > report.from && report.lost_or_changed.length === 0 ? 0 : 1);
