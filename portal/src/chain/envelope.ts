// Envelopes: in SCALE for our Rust, as an object for the chain's client.
import { fromHex, toHex } from './client.svelte';

/** An envelope as the chain's client has it. */
export interface SealedKey {
  version: number;
  key_name: `0x${string}`;
  encapsulated_key: `0x${string}`;
  ciphertext: `0x${string}`;
}

/** Reads an encoded envelope. */
export function decodeEnvelope(bytes: Uint8Array): SealedKey {
  return {
    version: bytes[0] ?? 0,
    key_name: toHex(bytes.slice(1, 9)),
    encapsulated_key: toHex(bytes.slice(9, 41)),
    ciphertext: toHex(bytes.slice(41)),
  };
}

/** Encodes an envelope. */
export function encodeEnvelope(sealed: { version: number; key_name: string; encapsulated_key: string; ciphertext: string }): Uint8Array {
  const parts = [sealed.key_name, sealed.encapsulated_key, sealed.ciphertext].map(fromHex);
  return Uint8Array.from([sealed.version, ...parts.flatMap((part) => [...part])]);
}
