// The entries of a patient's log, as they are shown: from the newest back, by the links of the chain.
import { core } from '../core';
import { i18n } from '../i18n/index.svelte';
import type { LogReader } from './log';

/** One entry. */
export interface Entry { block: number; time: Date; pallet: string; name: string; details: string; isDenial: boolean }

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

/** At least `count` further entries, the newest first; fewer where the log or the node has no more. */
export async function further(reader: LogReader, count: number): Promise<Entry[]> {
  const { Log } = await core();
  const found: Entry[] = [];
  // Only compares each block with the links.
  const log = new Log(reader.patient, new BigUint64Array(), '', '');
  try {
    while (found.length < count) {
      const block = await reader.next();
      if (!block) break;
      log.take(block.json);
      const entries = block.events.map(({ type, value }): Entry => ({
        block: block.number, time: new Date(block.time), pallet: type, name: value.type,
        details: shown(value.value).replaceAll(reader.patient, i18n.t.record.you), isDenial: value.type === 'AccessDenied',
      }));
      found.push(...entries.reverse());
    }
  } finally {
    log.free();
  }
  return found;
}
