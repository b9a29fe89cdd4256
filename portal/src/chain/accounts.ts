// Accounts, as addresses and as public keys.
import { AccountId, getSs58AddressInfo } from 'polkadot-api';

import { i18n } from '../i18n/index.svelte';

const codec = AccountId(42);

/** The public key of an address. */
export function publicKey(address: string): Uint8Array {
  const info = getSs58AddressInfo(address.trim());
  if (!info.isValid) throw new Error(i18n.t.problems.notAccount);
  return info.publicKey;
}

/** The address of a public key, as this chain writes it. */
export function addressOf(key: Uint8Array): string {
  return codec.dec(key);
}

/** The address as this chain writes it, whatever chain it was written for. */
export function normal(address: string): string {
  return addressOf(publicKey(address));
}

/** Whether text is an address. */
export function isAddress(text: string): boolean {
  return getSs58AddressInfo(text.trim()).isValid;
}

/** An address that fits into a line. */
export function short(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-6)}`;
}
