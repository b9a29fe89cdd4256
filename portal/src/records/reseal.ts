// Keys of records that are sealed to a key which the account had before.
import { core } from '../core';
import { publicKey } from '../chain/accounts';
import { BEST, chain, fromHex, toHex } from '../chain/client.svelte';
import { keysBelow, numberAt } from '../chain/keys';
import { submit } from '../chain/submit.svelte';
import { i18n } from '../i18n/index.svelte';
import { session } from '../keys/session.svelte';
import { seal } from './access';
import { keyOf } from './open';
import { recordOf } from './read';

/** How many are sealed again in one transaction. */
const AT_ONCE = 100;

/** The records of which whoever is signed in has an envelope that this key does not open. */
export async function formerlySealed(key: string): Promise<bigint[]> {
  const { address } = session.payer;
  const { keyName } = await core();
  const own = toHex(keyName(fromHex(key)));
  const all = await keysBelow(await chain.api.query.Emr.Envelopes.getKey());
  // A key ends with the record's number, 16 bytes of hash, and the reader.
  const reader = toHex(publicKey(address)).slice(2);
  const ids = all.filter((one) => one.endsWith(reader)).map((one) => numberAt(one, reader.length + 32));
  const found = await chain.api.query.Emr.Envelopes.getValues(ids.map((id) => [id, address] as [bigint, string]), BEST);
  return ids.filter((_, index) => {
    const envelope = found[index];
    return envelope !== undefined && envelope.sealed.key_name !== own;
  });
}

/**
 * Seals one's own records among these to one's own key, a hundred at once; returns how many. What
 * others gave, only they or whoever else may share it can seal again.
 */
export async function reseal(ids: bigint[]): Promise<number> {
  const { t } = i18n;
  const { address } = session.payer;
  const own = session.published;
  if (!own || !session.isPublished) throw new Error(t.signIn.other);
  const deposit = await chain.api.constants.Emr.EnvelopeDeposit();
  const calls: unknown[] = [];
  let held = 0n;
  for (const id of ids) {
    if (calls.length === AT_ONCE) break;
    const record = await recordOf(id);
    if (!record || record.patient !== address || record.status === 'Erased') continue;
    const envelope = await chain.api.query.Emr.Envelopes.getValue(id, address, BEST);
    // What no key here opens stays as it is.
    const key = await keyOf(record).catch(() => null);
    if (!key) continue;
    try {
      const sealed_key = await seal(key, record, address, own);
      calls.push(chain.api.tx.Emr.share_record({ record: id, reader: address, sealed_key }).decodedCall);
      // Whoever paid for the former envelope gets that back.
      if (envelope?.depositor !== address) held += deposit;
    } finally {
      key.free();
    }
  }
  if (calls.length === 0) throw new Error(t.signIn.resealNone);
  await submit(session.payer, {
    title: t.signIn.resealTitle,
    lines: t.signIn.resealLines(calls.length),
    call: 'Utility.batch_all',
    transaction: chain.api.tx.Utility.batch_all({ calls: calls as never }),
    held,
  });
  return calls.length;
}
