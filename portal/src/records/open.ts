// Opening records and verdicts: everything with a key happens in this browser.
import { core, type Key } from '../core';
import { publicKey } from '../chain/accounts';
import { BEST, chain, fromHex, toHex } from '../chain/client.svelte';
import { encodeEnvelope } from '../chain/envelope';
import { session } from '../keys/session.svelte';
import { get } from '../store/blocks';
import { i18n } from '../i18n/index.svelte';
import type { Model, Record, Verdict } from './read';
import { handedOver } from './requests';

/** The largest encrypted file that is fetched: 64 MiB and its padding. */
const MAX_CIPHERTEXT = 70 * 1024 * 1024;

/** The account has no envelope of a record, or none that its key opens. */
export class NoKey extends Error {}

/**
 * The content key of a record, from the envelope of whoever is signed in or from what custodians
 * delivered. Whoever takes it frees it.
 */
export async function keyOf(record: Record): Promise<Key> {
  const { address } = session.payer;
  if (record.status === 'Erased') throw new NoKey(i18n.t.record.erased);
  const envelope = await chain.api.query.Emr.Envelopes.getValue(record.id, address, BEST);
  if (!envelope) {
    const delivered = await handedOver(record);
    if (delivered) return delivered;
    throw new NoKey(i18n.t.record.noEnvelope);
  }
  const { Name } = await core();
  const name = new Name(await chain.genesis, publicKey(record.patient), record.cid, publicKey(address));
  try {
    return session.open((secret) => secret.open(encodeEnvelope(envelope.sealed), name));
  } catch (error) {
    // An envelope for a former key opens nothing; custodians may have delivered since.
    const delivered = await handedOver(record).catch(() => null);
    if (delivered) return delivered;
    const reason = error instanceof Error ? error.message : String(error);
    throw new NoKey(i18n.t.record.envelopeFails(reason));
  } finally {
    name.free();
  }
}

/** What was uploaded as a record. */
export async function contentOf(record: Record, progress?: (part: number) => void): Promise<Uint8Array> {
  // A key first: without one, nothing is fetched.
  const key = await keyOf(record);
  try {
    const stored = await get(record.cid, MAX_CIPHERTEXT, progress);
    const { digest } = await core();
    if (toHex(digest(stored)) !== record.digest) throw new Error(i18n.t.record.otherDigest);
    return key.decrypt(publicKey(record.patient), stored);
  } finally {
    key.free();
  }
}

/** What a network says of a film, in a verdict or a preview. */
export interface Opened {
  label: string;
  /** Each class with its probability, from 0 to 1, the most probable first. */
  classes: { label: string; share: number }[];
  /** Each class with its probability in parts per million, in the model's order. */
  inOrder: { label: string; probability: number }[];
  /** Whether the label's share is below the model's threshold. */
  isUncertain: boolean;
}

/** Opens a verdict with its record's key. */
export async function openVerdict(key: Key, verdict: Verdict, model: Pick<Model, 'labels' | 'threshold'> | undefined): Promise<Opened> {
  const { record, request, sealed } = verdict;
  return openedOf(key.openVerdict(await chain.genesis, record, verdict.model, request, sealed), model);
}

/** Names the numbers of an answer: the label, and the parts per million of each class. */
export function openedOf([label = 0, ...parts]: Uint32Array, model: Pick<Model, 'labels' | 'threshold'> | undefined): Opened {
  const nameOf = (index: number) => model?.labels[index] ?? `class ${index}`;
  const classes = parts.map((part, index) => ({ label: nameOf(index), share: part / 1e6 }));
  return {
    label: nameOf(label),
    classes: classes.sort((a, b) => b.share - a.share),
    inOrder: parts.map((probability, index) => ({ label: nameOf(index), probability })),
    // Without the model's threshold, no label is certain.
    isUncertain: !model || (parts[label] ?? 0) < model.threshold,
  };
}

/**
 * Whether a verdict's receipt is that of its model's file, its preprocessing, this encrypted film and
 * the sealed answer that is opened here: computed by the code of the chain and of `medchain replay`.
 * Nothing where the model is not known.
 */
export async function hasItsReceipt(verdict: Verdict, model: Model | undefined, { cid }: Record): Promise<boolean | null> {
  if (!model) return null;
  const { receipt } = await core();
  return toHex(receipt(fromHex(model.sha256), model.preprocessing, cid, verdict.sealed)) === verdict.receipt;
}

/** Whether a verdict says anything: an annulled or withdrawn one does not. */
export const counts = ({ status }: Verdict): boolean => status === 'Standing' || status === 'Challenged';
