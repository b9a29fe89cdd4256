// A wallet by the `injectedWeb3` convention, whose keys stay in this program: the page gets
// signatures alone, as from a real one.
import { createRequire } from 'node:module';

// The libraries of the other scripts, which are tested with this chain.
const require = createRequire(new URL('../../tests/js/package.json', import.meta.url));
const { Keyring } = require('@polkadot/api');
const { TypeRegistry } = require('@polkadot/types');
const { blake2AsHex, cryptoWaitReady, xxhashAsHex } = require('@polkadot/util-crypto');

await cryptoWaitReady();
const keyring = new Keyring({ type: 'sr25519', ss58Format: 42 });

/** An account from a secret URI. */
export const account = (uri, name) => ({ name, pair: keyring.addFromUri(uri) });

/** Parts of keys of the chain's state, in hexadecimal without `0x`. */
const u64Bytes = (number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(number));
  return bytes;
};
const hexOf = (bytes) => Buffer.from(bytes).toString('hex');
export const keys = {
  twoXHex: (text) => xxhashAsHex(text, 128).slice(2),
  u64: (number) => `${xxhashAsHex(u64Bytes(number), 64).slice(2)}${hexOf(u64Bytes(number))}`,
  blake: (key) => `${blake2AsHex(key, 128).slice(2)}${hexOf(key)}`,
};

export const { WebSocket } = require('ws');

/** Puts a wallet with these accounts into every page of a browser context. */
export async function install(context, accounts) {
  const wallet = { answer: 'sign', asked: 0 };
  await context.exposeFunction('__medchainSign', async (payload) => {
    wallet.asked += 1;
    // Whoever has to decide takes their time.
    if (wallet.answer === 'wait') await new Promise((resolve) => { wallet.waiting = resolve; });
    if (wallet.answer === 'reject') return { rejected: true };
    const found = accounts.find(({ pair }) => pair.address === payload.address);
    if (!found) throw new Error(`the wallet does not have ${payload.address}`);
    const registry = new TypeRegistry();
    registry.setSignedExtensions(payload.signedExtensions, {
      StorageWeightReclaim: { extrinsic: {}, payload: {} },
    });
    const extrinsic = registry.createType('ExtrinsicPayload', payload, { version: payload.version });
    return extrinsic.sign(wallet.signAs ?? found.pair);
  });
  const shown = accounts.map(({ name, pair }) => ({ address: pair.address, name, type: 'sr25519' }));
  await context.addInitScript((all) => {
    window.injectedWeb3 = {
      'test-wallet': {
        version: '1.0.0',
        enable: async () => ({
          accounts: { get: async () => all, subscribe: (tell) => { tell(all); return () => undefined; } },
          signer: {
            signRaw: async () => { throw new Error('Cancelled'); },
            signPayload: async (payload) => {
              const answer = await window.__medchainSign(payload);
              if (answer.rejected) throw new Error('Cancelled');
              return { id: 1, ...answer };
            },
          },
        }),
      },
    };
  }, shown);
  return wallet;
}
