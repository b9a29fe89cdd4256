#!/usr/bin/env node
// Runs the chain in chopsticks, from nothing but its raw spec, and executes
// transactions in dry-run and for good.
//
//   node dry-run.mjs --spec RAW.json [--port 8133]
//
// Prints a line a step; the exit code is 0 if all passed.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { ApiPromise, HttpProvider, Keyring, WsProvider } from '@polkadot/api';
import { u8aToHex } from '@polkadot/util';
import { randomAsU8a } from '@polkadot/util-crypto';

import { fromSpec } from './lib.mjs';

const { values: options } = parseArgs({
  options: { spec: { type: 'string' }, port: { type: 'string', default: '8133' } },
});
if (!options.spec) {
  console.error('usage: node dry-run.mjs --spec RAW.json [--port 8133]');
  process.exit(2);
}
if (!existsSync(options.spec)) {
  console.error(`error: there is no chain spec ${options.spec}`);
  process.exit(1);
}
const port = await fromSpec(options.spec, options.port);
setTimeout(() => {
  console.log('FAILED  not within 120 s');
  process.exit(1);
}, 120_000).unref();

const api = await ApiPromise.create({
  provider: new WsProvider(`ws://127.0.0.1:${port}`),
  noInitWarn: true,
  signedExtensions: { StorageWeightReclaim: { extrinsic: {}, payload: {} } },
});
const keyring = new Keyring({ type: 'sr25519', ss58Format: 42 });
const [bob, eve] = ['//Bob', '//Eve'].map((uri) => keyring.addFromUri(uri));

/** What a transaction would do on top of the newest block. */
async function dryRun(call, signer) {
  await call.signAsync(signer, { nonce: await api.rpc.system.accountNextIndex(signer.address) });
  const result = await api.rpc.system.dryRun(call.toHex());
  if (result.isErr) return `invalid: ${result.asErr.toString()}`;
  const outcome = result.asOk;
  if (outcome.isOk) return 'ok';
  const error = outcome.asErr;
  if (!error.isModule) return error.toString();
  const { section, name } = api.registry.findMetaError(error.asModule);
  return `${section}.${name}`;
}
let failed = 0;
function check(what, seen, wanted) {
  const passed = seen === wanted;
  failed += passed ? 0 : 1;
  console.log(`${passed ? 'ok    ' : 'FAILED'}  ${what}: ${seen}${passed ? '' : `, not ${wanted}`}`);
}
const isPatient = async () => (await api.query.emr.patients(bob.address)).isSome;
const register = () => api.tx.emr.registerPatient(null, u8aToHex(randomAsU8a(32)));

check('the runtime', api.runtimeVersion.specName.toString(), 'medchain');
check('a patient registers, in dry-run', await dryRun(register(), bob), 'ok');
check('nothing has changed', await isPatient(), false);
check('a stranger erases a record that is not there, in dry-run', await dryRun(api.tx.emr.eraseRecord(7), eve), 'emr.RecordNotFound');
check('root may not be played by anybody, in dry-run', await dryRun(api.tx.sudo.sudo(api.tx.system.remark('0x')), eve), 'sudo.RequireSudo');
await register().signAndSend(bob, { nonce: -1 });
await new HttpProvider(`http://127.0.0.1:${port}`).send('dev_newBlock', []);
check('a patient registers, in a block of chopsticks', await isPatient(), true);
process.exit(failed === 0 ? 0 : 1);
