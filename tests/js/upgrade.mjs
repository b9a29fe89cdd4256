#!/usr/bin/env node
// Upgrades the runtime as operators do in Polkadot.js Apps: the council announces that root will
// authorise the code's hash, waits, and has it enacted; then any account submits the code. On a
// chain with a sudo key, that key authorises it at once. Compares the storage of MedChain's
// pallets before and after.
//
//   node upgrade.mjs --wasm NEW.wasm [--node ws://127.0.0.1:9944]
//     [--sudo //Alice | --council //Alice,//Bob,//Charlie]
//
// Prints one JSON object; the exit code is 0 if the new runtime runs and nothing
// but new fields changed.
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
    council: { type: 'string', default: '//Alice,//Bob,//Charlie' },
    seconds: { type: 'string', default: '600' },
  },
});
if (!options.wasm) {
  process.stderr.write('usage: node upgrade.mjs --wasm NEW.wasm [--node URL] [--sudo URI | --council URI,…]\n');
  process.exit(2);
}
const code = read(options.wasm);
const api = await connect(options.node);
const began = Date.now();
const seconds = () => Math.round((Date.now() - began) / 1000);

// `lib.mjs` collects the output of console.error, so errors go to stderr directly.
/** Reads a runtime that `scripts/compact-runtime.sh` made; ends the script on any other file. */
function read(path) {
  let bytes;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    process.stderr.write(`error: cannot read the runtime: ${error.message}\n`);
    process.exit(1);
  }
  // The prefix of compressed code, and a relay chain's maximum size.
  if (bytes.subarray(0, 8).toString('hex') !== '52bc537646db8e05' || bytes.length > 3 * 1024 * 1024) {
    process.stderr.write(`error: ${path} is not a compressed runtime of at most 3 MiB: scripts/compact-runtime.sh makes one\n`);
    process.exit(1);
  }
  return bytes;
}

const PALLETS = ['emr', 'custody', 'inference', 'disputes', 'timelock'];

/** Returns the storage of MedChain's pallets at a block, by item and key. */
async function state(hash) {
  const at = await api.at(hash);
  // A runtime may be older than a pallet.
  const pallets = PALLETS.filter((pallet) => at.query[pallet]);
  const items = {};
  for (const pallet of pallets) {
    for (const [item, query] of Object.entries(at.query[pallet])) {
      if (item === 'palletVersion') continue;
      const name = `${pallet}.${item}`;
      // A key starts with the hashes of the pallet's and the item's name, 32 bytes.
      const put = (key, value) => { items[`${name} 0x${key.slice(66)}`] = [name, value.toJSON()]; };
      if (query.entries && query.creator.meta.type.isMap) {
        for (const [key, value] of await query.entries()) put(key.toHex(), value);
      } else {
        put(query.key(), await query());
      }
    }
  }
  const versions = {};
  for (const pallet of pallets) {
    versions[pallet] = (await at.query[pallet].palletVersion()).toNumber();
  }
  return { items, versions };
}

/** Changes in every block: entries due before this block have been processed. */
const MOVING = ['inference.nextDue'];

/** Returns whether `after` contains all of `before`; objects may have new fields. */
function keeps(before, after) {
  if (before === null || typeof before !== 'object') return before === after;
  if (after === null || typeof after !== 'object') return false;
  return Object.entries(before).every(([key, value]) => keeps(value, after[key]));
}

/**
 * What the migration to version 2 of pallet-emr makes of an item: erased records keep the hash of
 * their CID alone, and contents are listed by that hash.
 */
function withoutErased(key, [name, value]) {
  if (name === 'emr.records') {
    const { cid, digest, ...rest } = value;
    const content = 'erased' in value.status ? { erased: blake2AsHex(cid) } : { kept: { cid, digest } };
    return [key, [name, { ...rest, content }]];
  }
  if (name !== 'emr.contents') return [key, [name, value]];
  // The hash of the CID, its length, the 59 characters of the CID, and the patient.
  const [, of, cid, patient] = /^(.* 0x)[0-9a-f]{32}ec([0-9a-f]{118})([0-9a-f]+)$/.exec(key);
  return [`${of}${blake2AsHex(`0x${cid}`).slice(2)}${patient}`, [name, value]];
}

/** Sends a call, waits for its finalised block and returns its events. */
function final(call, signer) {
  return within(180, new Promise((resolve, reject) => {
    const heard = (result) => {
      if (result.dispatchError) reject(new Error(result.dispatchError.toString()));
      else if (result.isFinalized) resolve({ block: result.status.asFinalized, events: result.events });
      else if (result.isError) reject(new Error(`the node dropped the transaction: ${result.status.type}`));
    };
    (signer ? call.signAndSend(signer, { nonce: -1 }, heard) : call.send(heard)).catch(reject);
  }));
}
const numberOf = async (hash) => (await api.rpc.chain.getHeader(hash)).number.toNumber();
const versionAt = async (hash) => (await api.rpc.state.getRuntimeVersion(hash)).specVersion.toNumber();

const report = { from: api.runtimeVersion.specVersion.toNumber() };
/** Has the council announce a call of root, waits, and enacts it. */
async function byCouncil(call) {
  const members = options.council.split(',').map(devAccount);
  const threshold = Math.ceil((2 * (await api.query.council.members()).length) / 3);
  const motion = api.tx.timelock.announce(call);
  const length = motion.method.encodedLength;
  const proposed = await final(api.tx.council.propose(threshold, motion, length), members[0]);
  const { data } = proposed.events.find(({ event }) => api.events.council.Proposed.is(event)).event;
  const [, index, hash] = data;
  for (const member of members.slice(0, threshold)) await final(api.tx.council.vote(hash, index, true), member);
  const most = { refTime: 200_000_000_000, proofSize: 1_000_000 };
  const closed = await final(api.tx.council.close(hash, index, most, length + 4), members[0]);
  const announced = closed.events.find(({ event }) => api.events.timelock.ChangeAnnounced.is(event));
  if (!announced) throw new Error('the motion passed, but nothing was announced');
  const [change, , due] = announced.event.data;
  await within(Number(options.seconds), (async () => {
    while (await numberOf(await api.rpc.chain.getFinalizedHead()) < due.toNumber()) {
      await new Promise((resolve) => { setTimeout(resolve, 1000); });
    }
  })());
  return final(api.tx.timelock.enact(change), members[0]);
}

const upgrade = api.tx.system.authorizeUpgrade(blake2AsHex(code));
const hasSudo = (await api.query.sudo.key()).isSome;
const authorised = hasSudo
  ? await final(api.tx.sudo.sudo(upgrade), devAccount(options.sudo))
  : await byCouncil(upgrade);
report.by = hasSudo ? 'sudo' : 'council';
report.authorised = { block: await numberOf(authorised.block), after_s: seconds() };
// Unsigned: the code's hash is authorised, so the sender does not matter.
const applied = await final(api.tx.system.applyAuthorizedUpgrade(u8aToHex(code)));
report.stored = { block: await numberOf(applied.block), after_s: seconds() };

// The relay chain checks the new code first; then a block switches to it.
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
// The old code still ran the block that has the new code in its state:
// migrations run at the start of the next.
report.switched = { block: switched.number, after_s: seconds() };
const next = await within(180, (async () => {
  for (;;) {
    const head = await api.rpc.chain.getFinalizedHead();
    if (await numberOf(head) > switched.number) return api.rpc.chain.getBlockHash(switched.number + 1);
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
  }
})());
report.to = await versionAt(next);

// At the switch, the state has the new code but the old layout, which no metadata
// fits. So the block before it is compared.
const before = await state(await api.rpc.chain.getBlockHash(switched.number - 1));
const after = await state(next);
const isMigrated = before.versions.emr === 1 && after.versions.emr === 2;
const expected = Object.fromEntries(
  Object.entries(before.items).map(([key, item]) => (isMigrated ? withoutErased(key, item) : [key, item])),
);
report.storage_versions = { before: before.versions, after: after.versions };
report.items = { before: Object.keys(before.items).length, after: Object.keys(after.items).length };
const count = {};
for (const [name] of Object.values(before.items)) count[name] = (count[name] ?? 0) + 1;
report.kept = count;
report.lost_or_changed = Object.entries(expected)
  .filter(([, [name]]) => !MOVING.includes(name))
  .filter(([key, [, value]]) => !after.items[key] || !keeps(value, after.items[key][1]))
  .map(([key]) => key);
report.new_fields = [...new Set(Object.entries(expected).flatMap(([key, [name, value]]) => {
  const now = after.items[key]?.[1];
  if (now === null || typeof now !== 'object' || Array.isArray(now) || value === null) return [];
  return Object.keys(now).filter((field) => !(field in value)).map((field) => `${name}.${field}`);
}))];
console.log(JSON.stringify(report, null, 2));
process.exit(report.to > report.from && report.lost_or_changed.length === 0 ? 0 : 1);
