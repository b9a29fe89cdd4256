#!/usr/bin/env node
// Loads the reference policy's bundle as ink! tools do, deploys it, and calls it.
//
//   node contract.mjs [--node ws://127.0.0.1:9944] [--bundle access-control.contract]
//
// MEDCHAIN_NODE may also give the node's address. Prints a line per step and
// `N passed, M failed`; the exit code is 0 if nothing failed.
import { parseArgs } from 'node:util';

import { Abi, CodePromise } from '@polkadot/api-contract';

import {
  connect, devAccount, ensure, ensureNoWarnings, equal, finish, freshAccount, fund, gasLimit,
  readBundle, send, step,
} from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    node: { type: 'string', default: process.env.MEDCHAIN_NODE || 'ws://127.0.0.1:9944' },
    bundle: { type: 'string' },
  },
});

const VIEW_AND_INFER = 0b01_0001;
const bundle = JSON.parse(readBundle(options.bundle));
const api = await connect(options.node);
const patient = freshAccount('//Bob');
const doctor = freshAccount('//Charlie');
let contract;
let lastGas;

/** Returns the answer of a message in a dry run by `caller`. */
async function query(caller, message, ...values) {
  const { gasConsumed, output, result } = await contract.query[message](
    caller.address, { gasLimit: gasLimit(api), storageDepositLimit: null }, ...values,
  );
  ensure(result.isOk, `${message} failed: ${result.toString()}`);
  lastGas = gasConsumed.toJSON();
  return output.toJSON();
}

/** Sends a message as a transaction of the patient. */
function call(message, ...values) {
  const options = { gasLimit: gasLimit(api), storageDepositLimit: null };
  return send(api, contract.tx[message](options, ...values), patient);
}

const check = (action) =>
  query(patient, 'policy::check', patient.address, doctor.address, null, action);

await step('the library reads the bundle', () => {
  const abi = new Abi(bundle);
  const selectors = Object.fromEntries(
    abi.messages.map((message) => [message.identifier, message.selector.toHex()]),
  );
  equal(selectors, {
    grant: '0x4d435010', revoke: '0x4d435011', grant_of: '0x4d435012',
    grant_for_purposes: '0x4d435013',
    grant_role: '0x4d435014', revoke_role: '0x4d435015', role_grant_of: '0x4d435016',
    set_delegate: '0x4d43501c', remove_delegate: '0x4d435018',
    grant_as: '0x4d435019', revoke_as: '0x4d43501a', delegate_of: '0x4d43501b',
    'Policy::check': '0x4d435001',
  }, 'the list of messages');
  equal(abi.constructors.map((one) => one.method), ['new'], 'the list of constructors');
});

await step('money for the patient', () => fund(api, devAccount('//Bob'), [patient]));

await step('deploy the contract', async () => {
  const code = new CodePromise(api, new Abi(bundle, api.registry.getChainProperties()), null);
  const deploy = code.tx.new({ gasLimit: gasLimit(api), storageDepositLimit: null });
  ({ contract } = await send(api, deploy, patient));
  ensure(contract, 'no event Instantiated');
  const stored = await api.query.contracts.contractInfoOf(contract.address);
  equal(stored.unwrap().codeHash.toHex(), bundle.source.hash, "the code's hash on chain");
  return contract.address.toString();
});

await step('before a grant, check refuses', async () => {
  equal(await check('View'), { ok: { deny: { noGrant: null } } }, 'the answer');
  equal(
    await query(patient, 'grantOf', patient.address, doctor.address), { ok: null }, 'the grant',
  );
});

await step('grant, and its event', async () => {
  const result = await call('grant', doctor.address, VIEW_AND_INFER, null);
  const [granted] = result.contractEvents ?? [];
  ensure(granted, 'the contract emitted nothing');
  equal(
    granted.event.identifier, 'access_control::access_control::Granted', 'the event',
  );
  equal(granted.args.map((value) => value.toJSON()), [
    patient.address, doctor.address, VIEW_AND_INFER, null, null, patient.address,
  ], "the event's data");
});

await step('after it, grant_of shows it and check allows its actions', async () => {
  equal(
    await query(doctor, 'grantOf', patient.address, doctor.address),
    { ok: { actions: VIEW_AND_INFER, until: null, revoked: false, purposes: null } }, 'the grant',
  );
  equal(await check('View'), { ok: { allow: null } }, 'the answer to View');
  const { refTime, proofSize } = lastGas;
  equal(await check('Infer'), { ok: { allow: null } }, 'the answer to Infer');
  equal(
    await check('Amend'), { ok: { deny: { actionNotGranted: null } } }, 'the answer to Amend',
  );
  return `a check weighs ${refTime} ps and ${proofSize} bytes of proof`;
});

await step('an empty grant is an error of the contract', async () => {
  const answer = await query(patient, 'grant', doctor.address, 0, null);
  equal(answer, { ok: { err: 'NoActions' } }, 'the answer');
});

await step('revoke, and check refuses', async () => {
  const result = await call('revoke', doctor.address);
  equal(
    result.contractEvents?.map(({ event }) => event.identifier),
    ['access_control::access_control::Revoked'], 'the list of events',
  );
  equal(await check('View'), { ok: { deny: { revoked: null } } }, 'the answer');
});

await step('the library gave no warnings', () => ensureNoWarnings());
await api.disconnect();
finish();
