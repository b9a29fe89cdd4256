// What the page is tried with: a chain with workers and a store, and the page's server.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { keys, WebSocket } from './wallet.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'medchain');
const bin = process.env.MEDCHAIN_BIN_DIR || join(cache, 'target/debug');
const contracts = process.env.MEDCHAIN_CONTRACTS_DIR || join(cache, 'contracts/ink');
/** The bundle of a contract. */
export const contract = (name) => join(contracts, `${name}.contract`);
const portal = process.env.MEDCHAIN_PORTAL_BIN || join(cache, 'portal/debug/medchain-portal');

const run = promisify(execFile);

/** What compressed code begins with. */
const COMPRESSED = Buffer.from('52bc537646db8e05', 'hex');

/** A folder that is removed with the world. */
export const scratch = mkdtempSync(join(tmpdir(), 'medchain-portal-test-'));

const cleanups = [() => rmSync(scratch, { recursive: true, force: true })];

/** Ends everything that was started. */
export function end() {
  for (const cleanup of cleanups.reverse()) {
    try { cleanup(); } catch { /* The next one still has its turn. */ }
  }
  cleanups.length = 0;
}

/** Starts the chain, unless MEDCHAIN_NODE and MEDCHAIN_STORE name one that runs. */
export async function startChain() {
  const { MEDCHAIN_NODE: node, MEDCHAIN_STORE: store } = process.env;
  if (node && store) return { node, store };
  const demo = spawn(join(bin, 'medchain'), [
    'demo', '--keep', '--block-time', '1000',
    '--contract', join(contracts, 'access-control.contract'),
    '--model-dir', join(root, 'models/shipped'), '--summary', join(scratch, 'summary.json'),
  ], { env: { ...process.env, TMPDIR: scratch, MEDCHAIN_BIN_DIR: bin } });
  let text = '';
  demo.stdout.on('data', (data) => { text += data; });
  demo.stderr.on('data', (data) => { text += data; });
  await new Promise((resolve, reject) => {
    demo.on('error', reject);
    demo.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the demo failed:\n${text}`))));
  });
  const started = /end them with: kill ([\d ]+)/.exec(text)?.[1]?.trim().split(' ').map(Number) ?? [];
  cleanups.push(() => { for (const pid of started) process.kill(pid); });
  const [, from, where] = /export MEDCHAIN_NODE=(\S+) MEDCHAIN_STORE=(\S+)/.exec(text) ?? [];
  if (!from) throw new Error(`the demo does not say where its chain is:\n${text}`);
  return { node: from, store: where };
}

/** Starts the page's server on a port of its own, or on the one that is named. */
export async function startPortal({ node, store }, port = 0) {
  const server = spawn(portal, ['--node', node, '--store', store, '--listen', `127.0.0.1:${port}`]);
  cleanups.push(() => server.kill());
  let errors = '';
  server.stderr.on('data', (data) => { errors += data; });
  const url = await new Promise((resolve, reject) => {
    server.on('error', reject);
    server.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${errors}`)));
    server.stdout.on('data', (data) => {
      const found = /(http:\S+)/.exec(data);
      if (found) resolve(found[1]);
    });
  });
  return { url, stop: () => new Promise((resolve) => { server.once('exit', resolve); server.kill(); }) };
}

/** Runs the command line. */
export async function medchain({ node, store }, ...args) {
  return programme(['--node', node, '--store', store, ...args]);
}

/**
 * Whether the command line refuses something, with these words; where it fails otherwise, as
 * without a node, nobody knows.
 */
export async function refuses(chain, words, ...args) {
  try {
    await medchain(chain, ...args);
    return false;
  } catch (error) {
    if (String(error.stderr).includes(words)) return true;
    throw error;
  }
}

/** Whether the chain knows an account as a patient. */
export const isPatient = async (chain, address) =>
  !await refuses(chain, 'is not registered as a patient', 'patient', 'show', address);

const spec = () => JSON.parse(readFileSync(join(bin, 'medchain-dev.json'), 'utf8'));

/** Asks a node once. */
async function ask(node, method, ...params) {
  const socket = new WebSocket(node);
  const asked = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  try {
    return await new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('open', () => socket.send(asked));
      socket.on('message', (data) => {
        const { result, error } = JSON.parse(data);
        if (error) reject(new Error(error.message));
        else resolve(result);
      });
    });
  } finally {
    socket.close();
  }
}

/**
 * Starts a chain whose first block has `count` records of a patient: that patient, and copies of a
 * record, as they are on another chain. Of the oldest one, `reader` has an envelope, and a request
 * for it that runs.
 */
export async function chainWith({ node, store }, { publicKey }, record, count, reader) {
  const { twoXHex, u64, blake } = keys;
  const value = async (key) => {
    const found = await ask(node, 'state_getStorage', key);
    if (!found) throw new Error(`there is nothing at ${key}`);
    return found;
  };
  const emr = (item) => `0x${twoXHex('Emr')}${twoXHex(item)}`;
  const of = { record: (id) => `${emr('Records')}${u64(id)}`, owner: (id) => `${emr('RecordsOf')}${blake(publicKey)}${u64(id)}` };
  const chain = spec();
  const { top } = chain.genesis.raw;
  for (const item of ['Patients', 'EncryptionKeys']) {
    const key = `${emr(item)}${blake(publicKey)}`;
    top[key] = await value(key);
  }
  const account = `0x${twoXHex('System')}${twoXHex('Account')}${blake(publicKey)}`;
  top[account] = await value(account);
  const [stored, owned] = [await value(of.record(record)), await value(of.owner(record))];
  for (let id = 0; id < count; id += 1) {
    top[of.record(id)] = stored;
    top[of.owner(id)] = owned;
  }
  const envelope = (id, who) => `${emr('Envelopes')}${u64(id)}${blake(who)}`;
  top[envelope(0, reader.publicKey)] = await value(envelope(record, publicKey));
  const block = (number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(number);
    return bytes;
  };
  // By the policy and for treatment, with a reply key, from the first block on; no share, deposit or fee.
  const running = Buffer.concat([Buffer.from([0, 0]), Buffer.alloc(32, 7), block(1), block(1_000_000), Buffer.alloc(1 + 16 + 16)]);
  top[`0x${twoXHex('Custody')}${twoXHex('Grants')}${u64(0)}${blake(reader.publicKey)}`] = `0x${running.toString('hex')}`;
  const next = Buffer.alloc(8);
  next.writeBigUInt64LE(BigInt(count));
  top[emr('NextRecordId')] = `0x${next.toString('hex')}`;
  const path = file('many/chain.json', JSON.stringify({ ...chain, id: `${chain.id}_many` }));
  const port = await freePort();
  const child = spawn(join(bin, 'medchain-node'), [
    '--dev', '--dev-block-time', '1000', '--chain', path, '--base-path', join(dirname(path), 'chain'), '--rpc-port', String(port),
    '--no-telemetry', '--no-prometheus', '--no-mdns', '--listen-addr', '/ip4/127.0.0.1/tcp/0', '--rpc-max-response-size', '64',
  ], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (data) => { errors = `${errors}${data}`.slice(-4000); });
  cleanups.push(() => child.kill());
  const url = `ws://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    try {
      await ask(url, 'system_chain');
      break;
    } catch (error) {
      if (tries > 300 || child.exitCode !== null) throw new Error(`the chain does not start: ${error.message}\n${errors}`);
      await new Promise((resolve) => { setTimeout(resolve, 300); });
    }
  }
  return { chain: { node: url, store }, stop: () => child.kill() };
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Replaces the chain's runtime by the same code, of which the embedded version is the next. It is
 * authorised by the development chain's sudo key, as any other would be.
 */
export async function upgrade({ node }) {
  const code = Buffer.from(spec().genesis.raw.top['0x3a636f6465'].slice(2), 'hex');
  const plain = code.subarray(0, 8).equals(COMPRESSED)
    ? execFileSync('zstd', ['-dc'], { input: code.subarray(8), maxBuffer: 1 << 28 }) : code;
  // The section's name after its length, then the version: functions may have names like it.
  const section = '\x0fruntime_version';
  let at = plain.indexOf(`${section}\x20medchain`, 0, 'latin1') + section.length;
  // Two texts, each after its length, and the version of the block authors come first.
  for (let texts = 0; texts < 2; texts += 1) at += 1 + (plain[at] >> 2);
  const { specVersion: from } = await ask(node, 'state_getRuntimeVersion');
  plain.writeUInt32LE(from + 1, at + 4);
  const small = execFileSync('zstd', ['-q', '-5', '--stdout'], { input: plain, maxBuffer: 1 << 28 });
  const path = file('next.wasm', Buffer.concat([COMPRESSED, small]));
  // The script compares the storage as well, and finds that the code says of itself what it was
  // before: its version is changed outside alone. What counts here is that the chain runs it.
  const script = await run('node', [join(root, 'tests/js/upgrade.mjs'), '--wasm', path, '--node', node], { timeout: 120_000 })
    .then(() => '', (error) => error.message);
  const { specVersion: to } = await ask(node, 'state_getRuntimeVersion');
  if (to !== from + 1) throw new Error(`the new code does not run: ${script}`);
  return { from, to };
}

/** Starts a custodian of the command line, which delivers until the end. */
export function custodian({ node }, uri) {
  const args = ['custodian', '--dev', '--suri', uri, '--node', node, '--listen', '127.0.0.1:0'];
  const serving = spawn(join(bin, 'medchain-worker'), args, { stdio: 'ignore' });
  cleanups.push(() => serving.kill());
}

/** Makes a key file of the command line that holds `seed`, and opens with `passphrase`. */
export async function keyFile(name, seed, passphrase) {
  const path = join(scratch, name);
  await programme(['key', 'new', '--import', '--out', path, '--passphrase-file', '-'], `${passphrase}\n${seed}\n`);
  return path;
}

/** What the command line says of a key file: its account and its encryption key. */
export async function shownKey(path, passphrase) {
  return JSON.parse(await programme(['key', 'show', '--key', path, '--passphrase-file', '-', '--json'], `${passphrase}\n`));
}

async function programme(args, input = '') {
  const running = run(join(bin, 'medchain'), args, { maxBuffer: 64 * 1024 * 1024 });
  running.child.stdin.end(input);
  try {
    return (await running).stdout;
  } catch (error) {
    // What it compared stands in its answer, not in its error.
    error.message += `\n${error.stdout ?? ''}`;
    throw error;
  }
}

/** The first research image of a class, as the end-to-end tests find it; nothing where they are not on this machine. */
export function researchImage(kind) {
  const folder = join(root, '../shared/data/cxr/test', kind);
  const [first] = existsSync(folder) ? readdirSync(folder).sort() : [];
  return first === undefined ? null : join(folder, first);
}

/** A file in the world's folder. */
export function file(name, content, mode = 0o600) {
  const path = join(scratch, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode });
  return path;
}

export { existsSync, readFileSync };
