// The keys of a map's entries, without their values. Read as entries, each would come as a message
// of its own: ten thousand of them take seconds.
import { chain, fromHex } from './client.svelte';

/** As many as a node gives at once. */
const PAGE = 1000;

/** The keys below a prefix, in hexadecimal digits, at the best block; in no order that means anything. */
export async function keysBelow(prefix: string): Promise<string[]> {
  const [best] = await chain.client.getBestBlocks();
  const all: string[] = [];
  for (;;) {
    const page = await chain.client._request<string[]>('state_getKeysPaged', [prefix, PAGE, all.at(-1) ?? null, best?.hash ?? null]);
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

/** The number with which a key ends, where its hash keeps it: 8 bytes, the lowest first. */
export const numberAt = (key: string, end = 0): bigint => {
  const bytes = fromHex(key.slice(key.length - end - 16, key.length - end));
  return new DataView(bytes.buffer).getBigUint64(0, true);
};
