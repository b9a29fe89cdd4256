#!/usr/bin/env node
// The page's module gives the bytes of the native crates: the vectors in golden.json are written
// and checked by `cargo test -p medchain-portal-core`.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';

import { core } from './core.mjs';

const here = dirname(fileURLToPath(import.meta.url));

const golden = JSON.parse(readFileSync(join(here, '../core/tests/golden.json'), 'utf8'));
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (array) => Buffer.from(array).toString('hex');

let failed = 0;
function equal(name, got, wanted) {
  const same = got === wanted;
  if (!same) failed += 1;
  console.log(`${same ? 'ok     ' : 'FAILED '} ${name}${same ? '' : `: ${got} is not ${wanted}`}`);
}

const genesis = bytes(golden.genesis);
const patient = bytes(golden.patient);
const reader = bytes(golden.reader);
const secret = core.Secret.fromKeyFile(golden.seed, '');
equal('the public key of a seed', hex(secret.public), golden.public);
const wallet = core.Secret.fromKeyFile(golden.wallet_file, golden.wallet_passphrase);
equal('the public key of a wallet’s file', hex(wallet.public), golden.wallet_public);

// Signatures, by another implementation of sr25519.
const { cryptoWaitReady, sr25519PairFromSeed, sr25519Verify } = createRequire(new URL('../../tests/js/package.json', import.meta.url))('@polkadot/util-crypto');
await cryptoWaitReady();
equal('the account of a seed', hex(secret.account), hex(sr25519PairFromSeed(bytes(golden.seed.slice(2))).publicKey));
const payload = new TextEncoder().encode('what a transaction consists of');
const signatures = [secret.sign(payload), secret.sign(payload)];
equal('the account signs', signatures.every((one) => sr25519Verify(payload, one, secret.account)), true);
equal('nothing but that', sr25519Verify(payload.slice(1), signatures[0], secret.account), false);
equal('with a nonce that is drawn', hex(signatures[0]) !== hex(signatures[1]), true);

const name = new core.Name(genesis, patient, golden.cid, reader);
const key = secret.open(bytes(golden.envelope), name);
equal('an envelope opens, and a file with its key', hex(key.decrypt(patient, bytes(golden.file))), golden.content);
equal('what is encrypted here opens here', hex(key.decrypt(patient, key.encrypt(patient, bytes(golden.content)))), golden.content);
equal('the name of its key, in the envelope', hex(core.keyName(secret.public)), golden.envelope.slice(2, 18));
const again = secret.open(key.seal(secret.public, name), name);
equal('what is sealed here opens here', hex(again.decrypt(patient, bytes(golden.file))), golden.content);
equal('the profile', hex(secret.openProfile(genesis, reader, bytes(golden.profile))), golden.profile_content);

const { record, model, request } = golden.verdict;
const opened = key.openVerdict(genesis, BigInt(record), model, BigInt(request), bytes(golden.verdict.sealed));
equal('a verdict', [...opened].join(), golden.verdict.opened.join());

const image = readFileSync(join(here, '../../models/fixtures/grey8.png'));
const jpeg = readFileSync(join(here, '../../models/fixtures/grey.jpg'));
equal('the square of a PNG', hex(core.digest(core.square(image))), golden.square_png);
equal('the square of a JPEG', hex(core.digest(core.square(jpeg))), golden.square_jpeg);
for (const { name: film, square, cleaned } of golden.squares_dicom) {
  const dicom = readFileSync(join(here, '../../vision/tests/fixtures', film));
  equal(`the square of ${film}`, hex(core.digest(core.square(dicom))), square);
  equal(`${film} without its metadata`, hex(core.digest(new core.Cleaned(dicom).bytes)), cleaned);
}
const grey = new core.Film(image);
const pdf = core.drawReport(golden.report.values, grey);
equal('a report on paper', hex(core.digest(pdf)), golden.report.pdf);
equal('its salt', key.reportSalt(), golden.report.salt);
const shown = new core.Shown(pdf);
const findings = JSON.parse(shown.compareOpened(golden.report.values, grey)).map(({ finding }) => finding);
equal('a report, read and compared', `${shown.isAsDrawn} ${shown.hasItsCode} ${[...new Set(findings)]}`, 'true true agrees');
const codeOf = (paper) => /"code":"([^"]+)"/.exec(Buffer.from(paper).toString('latin1'))[1];
const code = codeOf(pdf);
const scanned = (text) => JSON.parse(new core.Scanned(text).compareOpened(golden.report.values, grey, '', true));
equal('its code, scanned with line breaks', [...new Set(scanned(` ${code.toLowerCase().replace(/.{60}/g, '$&\n')}`).checks.map(({ finding }) => finding))].join(), 'agrees');
const claims = JSON.parse(golden.report.values);
const forgery = core.drawReport(JSON.stringify({ ...claims, outcome: { ...claims.outcome, label: 'covid' } }), grey);
equal('the code of a report with another label', scanned(codeOf(forgery)).checks.at(-1).finding, 'differs');
let misread = '';
try { new core.Scanned(code.slice(0, -1)); } catch (error) { misread = error.message; }
equal('a code that is cut off is refused', /^\[damaged-code\] .*damaged/.test(misread), true);
const receiptOf = (cid) => hex(core.receipt(genesis, new TextEncoder().encode('medchain/1'), cid, bytes(golden.verdict.sealed)));
equal('a receipt', receiptOf(golden.cid), golden.receipt);
equal('that of another film is another', receiptOf(golden.trees[1].root) !== golden.receipt, true);
equal('the hash of a CID', hex(core.cidHash(golden.cid)), golden.cid_hash);
equal('the commitments to a film', hex(key.commitments(core.square(image))), golden.commitments);

// The network, beside onnxruntime, to which vision/tests/golden.rs holds the native kernels.
const models = join(here, '../../models');
const expected = JSON.parse(readFileSync(join(models, 'fixtures/expected.json'), 'utf8'));
const described = JSON.parse(readFileSync(join(models, 'shipped/medchain-vgg16.json'), 'utf8'));
const onnx = readFileSync(join(models, 'shipped/medchain-vgg16.onnx'));
const loading = Date.now();
const network = new core.Network(onnx, bytes(expected.model_sha256), described.id, described.labels.length);
console.log(`        it was ready after ${Date.now() - loading} ms`);
equal('the network runs with the instructions of the module', network.instructions, 'Simd128');
for (const [name, { logits, output }] of Object.entries(expected.images)) {
  const film = readFileSync(join(models, 'fixtures', name));
  const started = Date.now();
  const found = [...network.logits(film)].join();
  equal(`the logits of ${name}, after ${Date.now() - started} ms`, found, logits.join());
  // The softmax of a few is enough: it is the same code for all.
  if (!['grey8.png', 'grey.jpg', 'restarts.jpg'].includes(name)) continue;
  const [label, ...parts] = network.predict(film);
  equal(`the probabilities of ${name}`, parts.join(), output.map((step) => step * 100).join());
  equal(`the label of ${name}`, label, parts.indexOf(Math.max(...parts)));
}
for (const [what, wrong] of [
  ['another file', [onnx.subarray(1), bytes(expected.model_sha256), described.id, 3]],
  ['other steps', [onnx, bytes(expected.model_sha256), 'other', 3]],
  ['another number of classes', [onnx, bytes(expected.model_sha256), described.id, 4]],
]) {
  let said = '';
  try { new core.Network(...wrong); } catch (error) { said = error.message; }
  equal(`a network with ${what} is refused`, said !== '', true);
}

for (const { length, root, blocks } of golden.trees) {
  const content = Uint8Array.from({ length }, (_, index) => index % 251);
  const tree = new core.Blocks(content);
  equal(`the CID of ${length} bytes`, `${tree.root} ${tree.count}`, `${root} ${blocks}`);
  const store = new Map(Array.from({ length: tree.count }, (_, index) => [tree.cid(index), tree.block(index)]));
  const assembly = new core.Assembly(tree.root, length + 1);
  for (let wanted = assembly.wanted(1); wanted.length > 0; wanted = assembly.wanted(1)) assembly.supply(store.get(wanted[0]));
  equal(`${length} bytes, put together again`, hex(core.digest(assembly.finish())), hex(core.digest(content)));
}
const wrong = new core.Assembly(golden.trees[1].root, 1e9);
let refused = '';
try { wrong.supply(bytes('01')); } catch (error) { refused = error.message; }
equal('another block is refused', /other bytes/.test(refused), true);

const { log } = golden;
const told = new core.Log(log.patient, BigUint64Array.from(log.records.map(BigInt)), '', '');
for (const block of log.blocks) {
  for (const unknown of told.unknown(block)) told.learn(unknown, BigInt(log.learned.record), log.patient, log.learned.requester);
  told.take(block);
}
equal('the topic of a log', hex(core.Log.topic(log.patient)), log.topic);
equal('a log as FHIR', hex(core.digest(told.fhir(genesis, log.time))), log.fhir);
let broken = '';
try { told.take(log.blocks[0].replace('"length":0', '"length":1')); } catch (error) { broken = error.message; }
equal('a log that lacks an entry is refused', /other entries/.test(broken), true);

equal('a grant', hex(core.policyGrant(reader, 3, undefined, 7)), golden.grant);
equal('a grant for purposes', hex(core.policyGrant(reader, 1, 5, undefined)), golden.grant_for_purposes);
equal('a revocation', hex(core.policyRevoke(reader)), golden.revoke);
equal('a grant to a role', hex(core.policyGrantRole(1, 1, 5, undefined)), '4d4350140101010500');
equal('a revocation of a role', hex(core.policyRevokeRole(2)), '4d43501502');

const { threshold, ...custody } = Object.fromEntries(Object.entries(golden.custody).map(([what, value]) => [what, typeof value === 'string' ? bytes(value) : value]));
const dealt = new core.DealingName(genesis, patient, patient, golden.cid);
const reply = core.Reply.open(secret, genesis, reader, custody.reply);
const recovered = reply.recover(threshold, custody.keys, dealt, custody.dealing, custody.deliveries);
equal('a key that two of three custodians delivered', hex(recovered.decrypt(patient, bytes(golden.file))), golden.content);
equal('a key that is shared here: threshold, point, three shares, wrapped key, proof', recovered.entrust(threshold, custody.keys, dealt).length, 1 + 32 + 1 + 3 * 32 + 48 + 96);
let few = '';
try { recovered.entrust(4, custody.keys, dealt); } catch (error) { few = error.message; }
equal('not for more custodians than there are', few !== '', true);

const file = secret.toKeyFile('correct horse battery', 'a name');
equal('a key file is encrypted', core.isEncrypted(file), true);
equal('a key file opens', hex(core.Secret.fromKeyFile(file, 'correct horse battery').public), golden.public);
equal('a key file that was written natively', hex(core.Secret.fromKeyFile(golden.key_file, golden.passphrase).public), golden.public);
let denied = '';
try { core.Secret.fromKeyFile(file, 'wrong'); } catch (error) { denied = error.message; }
equal('another passphrase does not', /^\[wrong-passphrase\] .*passphrase/.test(denied), true);

console.log(failed === 0 ? 'all equal' : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
