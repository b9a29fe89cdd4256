// Shared by the scripts: the connection, the count of passed steps, and the
// signing of transactions.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';
import { BN } from '@polkadot/util';
import { cryptoWaitReady, randomAsHex } from '@polkadot/util-crypto';

/** One MEDC. */
export const UNIT = new BN(10).pow(new BN(12));

// --- Counting ---------------------------------------------------------------

let passed = 0;
let failed = 0;

/** Runs one step and prints a line about it. A failure does not end the run. */
export async function step(name, body) {
  try {
    const detail = await body();
    passed += 1;
    console.log(`ok      ${name}${detail === undefined ? '' : `: ${detail}`}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error?.message ?? error}`);
  }
}

/** Throws with this message unless the condition holds. */
export function ensure(condition, message) {
  if (!condition) throw new Error(message);
}

/** Throws unless both are equal as JSON. */
export function equal(actual, expected, what) {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  ensure(left === right, `${what} is ${left}, not ${right}`);
}

/** Prints the totals and ends the process, with code 0 if every step passed. */
export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}

// --- Warnings ---------------------------------------------------------------

// @polkadot/api warns on the console of data that it cannot decode, and goes on.
// Here a warning is a failure, except for this notice: a node offers more RPC
// methods than the library knows.
const HARMLESS = [/RPC methods not decorated:/];
/** A warning like this is what the next steps provoke. */
export const expectWarning = (pattern) => HARMLESS.push(pattern);
const warnings = [];
for (const level of ['warn', 'error']) {
  console[level] = (...parts) => {
    const text = parts.map((part) => part?.stack ?? String(part)).join(' ');
    if (!HARMLESS.some((pattern) => pattern.test(text))) warnings.push(text);
  };
}

/** Throws if the library has warned since the last time. */
export function ensureNoWarnings() {
  const seen = warnings.splice(0);
  ensure(seen.length === 0, seen.join('\n'));
}

// --- The chain --------------------------------------------------------------

/** Connects to the node, or prints one line and ends the process. */
export async function connect(url) {
  await cryptoWaitReady();
  const provider = new WsProvider(url, false);
  try {
    const connected = new Promise((resolve, reject) => {
      provider.on('connected', resolve);
      provider.on('error', () => reject(new Error('no answer')));
    });
    await provider.connect();
    await within(30, connected);
    return await within(60, ApiPromise.create({
      provider,
      throwOnConnect: true,
      throwOnUnknown: true,
      // An extension of every parachain's transactions, without data, that the
      // library does not know.
      signedExtensions: { StorageWeightReclaim: { extrinsic: {}, payload: {} } },
    }));
  } catch (error) {
    console.log(`FAILED  connect to ${url}: ${error?.message ?? error}`);
    console.log('0 passed, 1 failed');
    process.exit(1);
  }
}

/** Returns the promise's outcome, or fails after this many seconds. */
export async function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing in ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Returns a fresh account derived from a development key. */
export function freshAccount(parent) {
  const keyring = new Keyring({ type: 'sr25519', ss58Format: 42 });
  return keyring.addFromUri(`${parent}//${randomAsHex(8)}`);
}

/** Returns the account of a development key. */
export function devAccount(uri) {
  return new Keyring({ type: 'sr25519', ss58Format: 42 }).addFromUri(uri);
}

/**
 * Signs and sends a call; waits for its block; throws the runtime's error. `more` holds further
 * options of the signature.
 */
export function send(api, call, signer, more = {}) {
  return within(90, new Promise((resolve, reject) => {
    let stop = () => {};
    const settle = (how, value) => {
      stop();
      how(value);
    };
    call
      .signAndSend(signer, { nonce: -1, ...more }, (result) => {
        if (result.dispatchError) {
          settle(reject, new Error(errorName(api, result.dispatchError)));
        } else if (result.isInBlock || result.isFinalized) {
          // A development chain finalises at once and reports nothing before.
          settle(resolve, result);
        } else if (result.isError) {
          settle(reject, new Error(`the node dropped the transaction: ${result.status.type}`));
        }
      })
      .then((unsubscribe) => {
        stop = unsubscribe;
      }, reject);
  }));
}

/** Returns a dispatch error as `pallet.Error`. */
export function errorName(api, error) {
  if (!error.isModule) return error.toString();
  const { section, name } = api.registry.findMetaError(error.asModule);
  return `${section}.${name}`;
}

/** Returns the data of the first event of this name, by field. */
export function eventOf(result, section, name) {
  const record = result.events.find(
    ({ event }) => event.section === section && event.method === name,
  );
  const seen = result.events.map(({ event }) => `${event.section}.${event.method}`);
  ensure(record, `no event ${section}.${name}, but ${seen.join(', ')}`);
  return record.event.data;
}

/** Sends funds from a development account to these accounts. */
export async function fund(api, from, accounts) {
  const calls = accounts.map((account) =>
    api.tx.balances.transferKeepAlive(account.address, UNIT.muln(1000)));
  await send(api, api.tx.utility.batchAll(calls), from);
}

/** Reads a contract bundle, by default the one that the build made. */
export function readBundle(path) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const target = process.env.CARGO_TARGET_DIR || join(cache, 'medchain', 'contracts');
  return readFileSync(path ?? join(target, 'ink', 'access-control.contract'), 'utf8');
}

/** Returns a gas limit far above what the reference policy needs. */
export function gasLimit(api) {
  return api.registry.createType('WeightV2', {
    refTime: new BN(20_000_000_000),
    proofSize: new BN(500_000),
  });
}
