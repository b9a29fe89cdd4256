// What the page is tried with: a chain with workers and a store, and the page's server.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'medchain');
const bin = process.env.MEDCHAIN_BIN_DIR || join(cache, 'target/debug');
const contracts = process.env.MEDCHAIN_CONTRACTS_DIR || join(cache, 'contracts/ink');
const portal = process.env.MEDCHAIN_PORTAL_BIN || join(cache, 'portal/debug/medchain-portal');

const run = promisify(execFile);

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
  return (await running).stdout;
}

/** A file in the world's folder. */
export function file(name, content, mode = 0o600) {
  const path = join(scratch, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode });
  return path;
}

export { existsSync, readFileSync };
