#!/usr/bin/env node
// Any call or storage item of the chain, for what `medchain` has no command for.
//
//   node ops/call.mjs --key FILE [--motion | --root | --sudo [--as ACCOUNT]] PALLET.CALL [ARGUMENT…]
//   node ops/call.mjs --read PALLET.ITEM [KEY…]
//
// --motion proposes the call to the council and votes for it; --root does so for a call that
// root will make after the delay. Other members run `medchain council vote`. --sudo is for
// development chains.
//
// The passphrase of an encrypted key file is in --passphrase-file FILE (- is standard input) or
// in the file that $MEDCHAIN_PASSPHRASE_FILE names.
//
// Arguments are JSON, or text where they are none. The node is --node URL or
// $MEDCHAIN_NODE. It needs `npm ci --prefix tests/js`.
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const fail = (text) => {
  console.error(`error: ${text}`);
  process.exit(1);
};
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string', default: process.env.MEDCHAIN_NODE ?? 'ws://127.0.0.1:9944' },
    key: { type: 'string', default: process.env.MEDCHAIN_KEY },
    'passphrase-file': { type: 'string', default: process.env.MEDCHAIN_PASSPHRASE_FILE },
    motion: { type: 'boolean', default: false },
    root: { type: 'boolean', default: false },
    sudo: { type: 'boolean', default: false },
    as: { type: 'string' },
    read: { type: 'boolean', default: false },
  },
});
const [path, ...texts] = positionals;
const [pallet, name] = path?.split('.') ?? [];
if (!name) fail('say what to call, such as session.setKeys; the first lines of this file tell how');
if (!options.read && !options.key) fail('give --key FILE, or --read to look only');
const parameters = texts.map((text) => {
  try {
    // Numbers stay text: those of an amount may be larger than JSON's.
    return /^\d+$/.test(text) ? text : JSON.parse(text);
  } catch {
    return text;
  }
});

let api;
try {
  const require = createRequire(new URL('../tests/js/package.json', import.meta.url));
  const { ApiPromise, Keyring, WsProvider } = require('@polkadot/api');
  // One attempt: where nobody answers there is nothing to wait for.
  const provider = new WsProvider(options.node, false);
  await new Promise((resolve, reject) => {
    const gone = () => reject(new Error(`cannot reach a node at ${options.node}`));
    provider.on('connected', resolve);
    provider.on('error', gone);
    provider.on('disconnected', gone);
    provider.connect().catch(gone);
  });
  api = await ApiPromise.create({ provider, noInitWarn: true });
  if (options.read) {
    const item = api.query[pallet]?.[name] ?? api.consts[pallet]?.[name];
    if (!item) fail(`the chain has no storage item ${path}`);
    let found;
    if (typeof item !== 'function') found = item.toHuman();
    else if (item.creator.meta.type.isMap && !parameters.length) {
      found = (await item.entries()).map(([key, value]) => [...key.toHuman(), value.toHuman()]);
    } else found = (await item(...parameters)).toHuman();
    console.log(JSON.stringify(found, null, 2));
  } else {
    if (statSync(options.key).mode & 0o077) fail(`other users can access ${options.key}; run \`chmod 600 ${options.key}\``);
    const signer = signerOf(JSON.parse(readFileSync(options.key, 'utf8')), Keyring);
    if (!api.tx[pallet]?.[name]) fail(`the chain has no call ${path}`);
    const call = api.tx[pallet][name](...parameters);
    if (options.as && !options.sudo) fail('--as is sudo acting for an account: give --sudo too');
    const bySudo = () => (options.as ? api.tx.sudo.sudoAs(options.as, call) : api.tx.sudo.sudo(call));
    if ([options.motion, options.root, options.sudo].filter(Boolean).length > 1) fail('give one of --motion, --root and --sudo');
    if (options.motion || options.root) await propose(call, signer);
    else {
      const { block, problem } = await send(options.sudo ? bySudo() : call, signer);
      if (problem) fail(`${path} failed in block ${block}: ${describe(problem)}`);
      console.log(`${path} done in block ${block}`);
    }
  }
} catch (error) {
  fail(String(error?.message ?? error).split('\n')[0]);
}
await api.disconnect();

/** The account of a key file, with the passphrase in --passphrase-file where it is encrypted. */
function signerOf(file, Keyring) {
  const keyring = new Keyring({ type: 'sr25519' });
  // The form of earlier versions.
  if (file.secret_uri) return keyring.addFromUri(file.secret_uri);
  const signer = keyring.addFromJson(file);
  if ([file.encoding.type].flat().includes('none')) signer.decodePkcs8();
  else {
    const source = options['passphrase-file'];
    if (!source) fail(`${options.key} is encrypted; name a file with its passphrase with --passphrase-file`);
    if (source !== '-' && statSync(source).mode & 0o077) fail(`other users can access ${source}; run \`chmod 600 ${source}\``);
    const passphrase = readFileSync(source === '-' ? 0 : source, 'utf8').replace(/\r?\n$/, '');
    try {
      signer.decodePkcs8(passphrase);
    } catch {
      fail(`the passphrase does not open ${options.key}`);
    }
  }
  return signer;
}

/** Proposes a call to the council, and votes for it. */
async function propose(call, signer) {
  const members = (await api.query.council.members()).length;
  if (!members) fail('the chain has no council');
  if (['councilMembership', 'ethicsMembership'].includes(pallet) && !options.root) {
    fail('root alone changes members, after the delay: give --root in place of --motion');
  }
  // What root does takes two thirds; stopping it more than one.
  const share = { cancel: Math.floor(members / 3) + 1, cancelDefaultPolicy: Math.floor(members / 3) + 1 }[name];
  const threshold = share ?? (options.root ? Math.ceil((2 * members) / 3) : Math.floor(members / 2) + 1);
  const motion = options.root ? api.tx.timelock.announce(call) : call;
  const proposed = await send(api.tx.council.propose(threshold, motion, motion.method.encodedLength), signer);
  if (proposed.problem) fail(`the motion failed in block ${proposed.block}: ${describe(proposed.problem)}`);
  if (threshold < 2) {
    console.log(`${path} done in block ${proposed.block}`);
    return;
  }
  const { data } = proposed.events.find(({ event }) => api.events.council.Proposed.is(event)).event;
  const voted = await send(api.tx.council.vote(data[2], data[1], true), signer);
  if (voted.problem) fail(`the vote failed in block ${voted.block}: ${describe(voted.problem)}`);
  console.log(`motion ${data[1]} for ${path} needs ${threshold} votes and has yours; other members run: medchain council vote ${data[1]}`);
}

/** Signs, and waits until a block has it. */
function send(call, signer) {
  return new Promise((resolve, reject) => {
    call
      .signAndSend(signer, ({ status, dispatchError, events, isError }) => {
        if (isError) reject(new Error(`the node gave the call up: ${status.type}`));
        // A development chain finalises at once and reports nothing before.
        if (!status.isInBlock && !status.isFinalized) return;
        // The outer call succeeds whatever becomes of the one that it wraps.
        const { Sudid, SudoAsDone } = api.events.sudo;
        const outcomes = { council: ['Executed'], timelock: ['ChangeEnacted'] };
        const wraps = Object.entries(outcomes).flatMap(([of, names]) => names.map((one) => api.events[of]?.[one]));
        const found = events.find(({ event }) => [Sudid, SudoAsDone, ...wraps].some((one) => one?.is(event)))?.event;
        // The result is the only field of sudo's events, and the last one of the others.
        const inner = found?.data[found.data.length - 1];
        const problem = dispatchError ?? (inner?.isErr ? inner.asErr : undefined);
        api.rpc.chain
          .getHeader(status.isInBlock ? status.asInBlock : status.asFinalized)
          .then((header) => resolve({ block: header.number.toNumber(), problem, events }))
          .catch(reject);
      })
      .catch(reject);
  });
}

/** The pallet's own name for an error. */
function describe(problem) {
  if (!problem.isModule) return problem.toString();
  const { section, name: error, docs } = api.registry.findMetaError(problem.asModule);
  return `${section}.${error}${docs.length ? `, ${docs.join(' ')}` : ''}`;
}
