#!/usr/bin/env node
// Opens an exported account as a wallet does.
//
//   node key.mjs --file ACCOUNT.json --passphrase PASSPHRASE
//
// Prints the address, after a signature by the account was verified. The exit code is not 0 where
// the file does not open. Of a passphrase for tests only: other programs see arguments.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { Keyring } from '@polkadot/api';
import { cryptoWaitReady, signatureVerify } from '@polkadot/util-crypto';

const { values: options } = parseArgs({
  options: { file: { type: 'string' }, passphrase: { type: 'string' } },
});

await cryptoWaitReady();
const keyring = new Keyring({ type: 'sr25519', ss58Format: 42 });
const pair = keyring.addFromJson(JSON.parse(readFileSync(options.file, 'utf8')));
if (!pair.isLocked) {
  throw new Error('the file is not encrypted');
}
pair.decodePkcs8(options.passphrase);
const said = new TextEncoder().encode('medchain');
if (!signatureVerify(said, pair.sign(said), pair.publicKey).isValid) {
  throw new Error('its signature is not its own');
}
console.log(pair.address);
