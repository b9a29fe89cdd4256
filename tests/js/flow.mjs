#!/usr/bin/env node
// The main job as a web page does it: over @polkadot/api, with nothing of
// MedChain's own but the policy's code.
//
//   node flow.mjs [--node ws://127.0.0.1:9944] [--policy ADDRESS]
//                 [--bundle access-control.contract] [--cid CID] [--record NUMBER]
//
// Without --policy it deploys the reference policy from the bundle. --cid is the
// CID of the new record. With --record it also reads that record and a worker's
// verdict on it. MEDCHAIN_NODE may also give the node's address. Prints a line
// per step and `N passed, M failed`; the exit code is 0 if nothing failed.
import { parseArgs } from 'node:util';

import { merkleizeMetadata } from '@polkadot-api/merkleize-metadata';
import { compactAddLength, hexToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { blake2AsHex, randomAsU8a } from '@polkadot/util-crypto';

import {
  connect, devAccount, ensure, ensureNoWarnings, equal, eventOf, expectWarning, finish, freshAccount,
  fund, gasLimit, readBundle, send, step,
} from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    node: { type: 'string', default: process.env.MEDCHAIN_NODE || 'ws://127.0.0.1:9944' },
    policy: { type: 'string' },
    bundle: { type: 'string' },
    // The CID of the three bytes `abc`.
    cid: {
      type: 'string', default: 'bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu',
    },
    record: { type: 'string' },
  },
});

// The messages of the reference policy, by their pinned selectors.
const NEW = hexToU8a('0x4d435000');
const GRANT = hexToU8a('0x4d435010');
const REVOKE = hexToU8a('0x4d435011');
const VIEW = 0b00_0001;

const api = await connect(options.node);
const bob = devAccount('//Bob');
const [patient, doctor, stranger] = ['//Bob', '//Charlie', '//Eve'].map(freshAccount);
const keyOfPatient = u8aToHex(randomAsU8a(32));
const keyOfDoctor = u8aToHex(randomAsU8a(32));
const digest = u8aToHex(randomAsU8a(32));
// A key for one request: a point of ristretto255, as the public key of an account is.
const reply = () => u8aToHex(freshAccount('//Reply').publicKey);
let { policy } = options;
let record;

/** Returns the token's name and decimals, as the chain tells wallets. */
async function properties() {
  const { tokenDecimals, tokenSymbol } = await api.rpc.system.properties();
  const [decimals, symbol] = [tokenDecimals, tokenSymbol].map((values) => values.unwrap()[0]);
  return { decimals: decimals.toNumber(), tokenSymbol: symbol.toString() };
}

/** Signs and sends a remark with this digest of the metadata, as an offline wallet does. */
function sendWithDigest(bytes) {
  const metadataHash = u8aToHex(bytes);
  return send(api, api.tx.system.remarkWithEvent('0x00'), bob, { mode: 1, metadataHash });
}

/** Returns the chain's answer about an access to the patient's file. */
async function access(subject, action) {
  const answer = await api.call.emrApi.checkAccess(
    patient.address, subject.address, null, action, null, null,
  );
  return answer.isOk ? 'allowed' : answer.asErr.toJSON();
}

/** Calls the policy contract as the patient. */
function callPolicy(...parts) {
  const data = u8aToHex(u8aConcat(...parts));
  return send(api, api.tx.contracts.call(policy, 0, gasLimit(api), null, data), patient);
}

await step('connect and decode the metadata', () => {
  for (const section of ['emr', 'custody', 'inference', 'contracts', 'utility', 'proxy', 'multisig']) {
    ensure(api.tx[section], `the chain has no calls of ${section}`);
  }
  for (const section of ['emr', 'custody', 'inference']) {
    for (const [name, call] of Object.entries(api.tx[section])) {
      ensure(call.meta.docs.length > 0, `the call ${section}.${name} has no documentation`);
    }
  }
  ensure(api.call.emrApi?.checkAccess, 'the chain has no runtime API emrApi.checkAccess');
  ensureNoWarnings();
  const { specName, specVersion } = api.runtimeVersion;
  return `${specName} ${specVersion}`;
});

await step('a wallet that signs the digest of the metadata is understood', async () => {
  const metadata = await api.call.metadata.metadataAtVersion(15);
  const { decimals, tokenSymbol } = await properties();
  const digest = merkleizeMetadata(metadata.unwrap().toU8a(true), { decimals, tokenSymbol }).digest();
  eventOf(await sendWithDigest(digest), 'system', 'Remarked');
  digest[0] ^= 1;
  expectWarning(/bad signature/);
  const forged = await sendWithDigest(digest).then(() => 'accepted', (error) => error.message);
  ensure(forged.includes('bad signature'), `another digest is ${forged}`);
});

await step('money for a patient, a doctor and a stranger', () =>
  fund(api, bob, [patient, doctor, stranger]));

await step('register a patient', async () => {
  const result = await send(api, api.tx.emr.registerPatient(null, keyOfPatient), patient);
  equal(eventOf(result, 'emr', 'PatientRegistered').patient.toString(), patient.address, 'it');
  const stored = await api.query.emr.patients(patient.address);
  ensure(stored.isSome, 'no such patient in state');
  const key = await api.query.emr.encryptionKeys(patient.address);
  equal(key.toJSON(), keyOfPatient, "the patient's key");
});

await step("set the doctor's encryption key", async () => {
  const result = await send(api, api.tx.emr.setEncryptionKey(keyOfDoctor), doctor);
  equal(eventOf(result, 'emr', 'EncryptionKeySet').key.toJSON(), keyOfDoctor, 'the key');
});

if (!policy) {
  await step('deploy the policy contract', async () => {
    const code = hexToU8a(JSON.parse(readBundle(options.bundle)).source.wasm);
    const deploy = api.tx.contracts.instantiateWithCode(
      0, gasLimit(api), null, compactAddLength(code), compactAddLength(NEW),
      compactAddLength(randomAsU8a(8)),
    );
    const result = await send(api, deploy, patient);
    policy = eventOf(result, 'contracts', 'Instantiated').contract.toString();
    return policy;
  });
}

await step('choose the policy', async () => {
  const result = await send(api, api.tx.emr.setPolicy(policy), patient);
  equal(eventOf(result, 'emr', 'PolicySet').toJSON()[2], policy, 'the new policy');
  const stored = await api.query.emr.patientPolicies(patient.address);
  equal(stored.toJSON(), policy, 'the policy in state');
});

await step('before a grant, only the patient has access', async () => {
  equal(await access(doctor, 'View'), { refused: { noGrant: null } }, "the doctor's access");
  equal(await access(patient, 'View'), 'allowed', "the patient's own access");
});

await step('grant the doctor to view, through the contract', async () => {
  const result = await callPolicy(GRANT, doctor.publicKey, [VIEW], [0]);
  eventOf(result, 'contracts', 'ContractEmitted');
  equal(await access(doctor, 'View'), 'allowed', "the doctor's access");
  equal(
    await access(doctor, 'Amend'), { refused: { actionNotGranted: null } }, 'the access to amend',
  );
  equal(await access(stranger, 'View'), { refused: { noGrant: null } }, "the stranger's access");
});

await step('add a record', async () => {
  // A web page seals the content key here. The chain reads version and name alone.
  const sealed = (key) => ({
    version: 1,
    keyName: blake2AsHex(key, 256).slice(0, 2 + 2 * 8),
    encapsulatedKey: u8aToHex(randomAsU8a(32)),
    ciphertext: u8aToHex(randomAsU8a(48)),
  });
  const commitments = { inputRoot: u8aToHex(randomAsU8a(32)), verdicts: u8aToHex(randomAsU8a(32)) };
  const envelopes = [
    [patient.address, sealed(keyOfPatient)], [doctor.address, sealed(keyOfDoctor)],
  ];
  const call = api.tx.emr.addRecord(
    patient.address, options.cid, digest, 'ChestXray', commitments, envelopes, null, null,
  );
  const result = await send(api, call, patient);
  record = eventOf(result, 'emr', 'RecordAdded').record.toNumber();
  return `number ${record}`;
});

await step('read the record', async () => {
  const stored = (await api.query.emr.records(record)).unwrap();
  equal(stored.patient.toString(), patient.address, 'the patient');
  equal(stored.author.toString(), patient.address, 'the author');
  ensure(stored.content.isKept, `the content is ${stored.content}`);
  equal(stored.content.asKept.cid.toUtf8(), options.cid, 'the CID');
  equal(stored.content.asKept.digest.toHex(), digest, 'the digest');
  ensure(stored.kind.isChestXray, `the kind is ${stored.kind}`);
  ensure(stored.status.isActive, `the status is ${stored.status}`);
  const listed = await api.query.emr.recordsOf.keys(patient.address);
  equal(listed.map(({ args }) => args[1].toNumber()), [record], "the patient's list of records");
  const envelopes = await api.query.emr.envelopes.keys(record);
  equal(
    envelopes.map(({ args }) => args[1].toString()).sort(),
    [patient.address, doctor.address].sort(), 'the list of readers',
  );
});

/** Returns `accepted`, or the error of a call. */
const outcome = (call, signer) => send(api, call, signer).then(
  () => 'accepted', (error) => error.message,
);

await step('a CID in any other spelling is refused with the error InvalidCid', async () => {
  const { cid } = options;
  const spellings = {
    nothing: '',
    'version 0': 'QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR',
    capitals: cid.toUpperCase(),
    'a path': `/ipfs/${cid}`,
    'a URL': `ipfs://${cid}`,
    "a gateway's address": `https://ipfs.io/ipfs/${cid}?filename=film.png`,
    'a new line': `${cid}\n`,
    'a space': ` ${cid}`,
    padding: `${cid}=`,
    'another base': `f${'0'.repeat(72)}`,
    'another hash': `${cid.slice(0, 5)}q${cid.slice(6)}`,
    'no text': '0xff00ff00',
  };
  for (const [name, text] of Object.entries(spellings)) {
    const call = api.tx.emr.addRecord(
      patient.address, text, digest, 'ChestXray', null, [], null, null,
    );
    equal(await outcome(call, patient), 'emr.InvalidCid', `the outcome of ${name}`);
  }
  return `${Object.keys(spellings).length} spellings`;
});

await step('the doctor asks for access and gets it', async () => {
  const ask = api.tx.custody.requestAccess(record, 'Treatment', reply());
  const result = await send(api, ask, doctor);
  const granted = eventOf(result, 'custody', 'AccessGranted');
  equal(granted.subject.toString(), doctor.address, 'the subject');
});

await step('a reply key that is no point is refused with the error InvalidReplyKey', async () => {
  const ask = api.tx.custody.requestAccess(record, 'Treatment', `0x${'ff'.repeat(32)}`);
  equal(await outcome(ask, doctor), 'custody.InvalidReplyKey', 'the outcome');
});

await step('the stranger asks for access and is refused with an event', async () => {
  const ask = api.tx.custody.requestAccess(record, 'Research', reply());
  const { reason } = eventOf(await send(api, ask, stranger), 'custody', 'AccessDenied');
  equal(reason.toJSON(), { refused: { noGrant: null } }, 'the reason');
});

await step('only registered custodians keep keys', async () => {
  const chosen = api.tx.custody.setCustodians([stranger.address], 1);
  equal(await outcome(chosen, patient), 'custody.CustodianNotFound', 'the choice of the stranger');
  const rules = api.consts.custody;
  ensure(rules.accessPeriod.toNumber() > 0 && rules.emergencyBond.toBigInt() > 0n, 'the rules');
});

await step('an emergency is about a patient, and opens no record without custody', async () => {
  await send(api, api.tx.emr.setRelation(doctor.address, 'Sibling', true), patient);
  const breakGlass = api.tx.custody.breakGlass(patient.address, 'CannotConsent');
  equal(await outcome(breakGlass, stranger), 'emr.NoGrant', "the stranger's emergency");
  const broken = eventOf(await send(api, breakGlass, doctor), 'custody', 'GlassBroken');
  const stored = (await api.query.custody.emergencies(broken.emergency)).unwrap();
  equal(stored.subject.toString(), doctor.address, 'the subject');
  ensure(stored.status.isOpen, `the status is ${stored.status}`);
  equal(await outcome(breakGlass, doctor), 'custody.GlassAlreadyBroken', 'a second emergency');
  const film = api.tx.custody.requestInEmergency(record, reply());
  equal(await outcome(film, doctor), 'custody.RecordNotEntrusted', 'the film');
  const accept = api.tx.custody.reviewEmergency(broken.emergency, true);
  equal(await outcome(accept, doctor), 'custody.NotReviewer', 'a review of their own');
  const reviewed = eventOf(await send(api, accept, patient), 'custody', 'EmergencyReviewed');
  ensure(reviewed.accepted.isTrue, 'it was not accepted');
});

await step('revoke through the contract', async () => {
  await callPolicy(REVOKE, doctor.publicKey);
  const ask = api.tx.custody.requestAccess(record, 'Treatment', reply());
  const { reason } = eventOf(await send(api, ask, doctor), 'custody', 'AccessDenied');
  equal(reason.toJSON(), { refused: { revoked: null } }, 'the reason');
});

await step('who was revoked breaks no glass, contact or not', async () => {
  const breakGlass = api.tx.custody.breakGlass(patient.address, 'CannotConsent');
  equal(await outcome(breakGlass, doctor), 'emr.GrantRevoked', "the contact's emergency");
});

if (options.record !== undefined) {
  await step(`read the verdict on record ${options.record}`, async () => {
    const found = await api.query.inference.latestVerdict.entries(options.record);
    ensure(found.length > 0, 'the record has no verdict');
    const [{ args }, request] = found[0];
    const verdict = (await api.query.inference.verdicts(request.unwrap())).unwrap();
    const model = (await api.query.inference.models(args[1])).unwrap();
    const source = (await api.query.emr.records(options.record)).unwrap();
    // A tag, the label, the number of classes and the probabilities: nobody but the film's
    // readers can tell which.
    equal(verdict.sealed.length, 16 + 2 + 4 * model.labels.length, 'the length of the answer');
    // A replay must reproduce this, which is computed from the chain's state.
    const receipt = blake2AsHex(u8aConcat(
      model.sha256.toU8a(true), model.preprocessing.toU8a(), source.content.asKept.cid.toU8a(),
      verdict.sealed.toU8a(),
    ), 256);
    equal(verdict.receipt.toHex(), receipt, 'the receipt');
    return `sealed, by ${verdict.workers.length} of the workers`;
  });
}

await step('the library gave no warnings', () => ensureNoWarnings());
await api.disconnect();
finish();
