// Events of past blocks about an account and its records, read block by block from the newest back.
import { chain } from '../chain/client.svelte';
import { hashOf, storedAt, typesAfter } from '../chain/metadata';
import { i18n } from '../i18n/index.svelte';
import { recordIdsOf } from './read';

/** One event about the account. */
export interface Entry { block: number; pallet: string; name: string; details: string; isDenial: boolean }

/** Values as text that fits into a line. */
function shown(value: unknown): string {
  if (value instanceof Uint8Array) {
    // CIDs are text.
    const text = new TextDecoder().decode(value);
    return /^[\x21-\x7e]+$/.test(text) ? text : `${value.length} bytes`;
  }
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(shown).join(', ');
  if (typeof value === 'object' && value !== null) {
    if ('type' in value) {
      const { type, value: inner } = value as { type: string; value?: unknown };
      return inner === undefined ? type : `${type} ${shown(inner)}`;
    }
    return Object.entries(value).map(([name, one]) => `${name.replaceAll('_', ' ')}: ${shown(one)}`).join('; ');
  }
  return value === undefined ? '—' : String(value);
}

/** The events about an account, and about records of its own, in `count` blocks from `start` back, and the last block read. */
export async function readEvents(account: string, start: number, count: number): Promise<{ found: Entry[]; reached: number }> {
  // As the node's present runtime encodes them.
  const types = await typesAfter((await chain.client.getFinalizedBlock()).hash);
  const key = types.storage('System', 'Events').key();
  const records = new Set(await recordIdsOf(account));
  const isAbout = (value: unknown, details: string): boolean =>
    details.includes(account) || records.has((value as { record?: bigint } | undefined)?.record ?? -1n);
  const numbers = Array.from({ length: Math.min(count, start) }, (_, index) => start - index);
  const read = await Promise.all(numbers.map(async (block): Promise<Entry[] | null> => {
    try {
      const stored = await storedAt(key, await hashOf(block));
      if (!stored) return [];
      return types.events(stored).flatMap(({ event: { type, value } }) => {
        const isOurs = ['Emr', 'Custody', 'Inference'].includes(type);
        const details = shown(value.value);
        if (!isOurs || !isAbout(value.value, details)) return [];
        const named = details.replaceAll(account, i18n.t.record.you);
        return [{ block, pallet: type, name: value.type, details: named, isDenial: value.type === 'AccessDenied' }];
      });
    } catch {
      // The node no longer has the block's state.
      return null;
    }
  }));
  const gone = read.findIndex((one) => one === null);
  const usable = gone < 0 ? read : read.slice(0, gone);
  return { found: usable.flatMap((one) => one ?? []), reached: start - usable.length + 1 };
}
