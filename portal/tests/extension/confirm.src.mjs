// The wallet's own window: shows what is asked, and signs it with a key that is nowhere else. The
// test bundles it with the key's URI.
import { Keyring } from '@polkadot/keyring';
import { TypeRegistry } from '@polkadot/types';
import { cryptoWaitReady } from '@polkadot/util-crypto';

const id = location.hash.slice(1);
const { [id]: question } = await chrome.storage.session.get(id);
await cryptoWaitReady();
const pair = new Keyring({ type: 'sr25519', ss58Format: 42 }).addFromUri(WALLET_URI);
const text = question.method === 'accounts' ? 'Show the account to this page?' : `Sign a call of ${question.param.method.length / 2 - 1} bytes?`;
document.querySelector('#what').textContent = text;

function sign(payload) {
  const registry = new TypeRegistry();
  registry.setSignedExtensions(payload.signedExtensions, { StorageWeightReclaim: { extrinsic: {}, payload: {} } });
  const { signature } = registry.createType('ExtrinsicPayload', payload, { version: payload.version }).sign(pair);
  return { id: 1, signature };
}

async function answer(message) {
  await chrome.runtime.sendMessage({ answerTo: id, ...message });
  window.close();
}

document.querySelector('#approve').onclick = () => answer({
  result: question.method === 'accounts' ? [{ address: pair.address, name: 'In the extension', type: 'sr25519' }] : sign(question.param),
});
document.querySelector('#reject').onclick = () => answer({ error: 'Rejected by the user' });
