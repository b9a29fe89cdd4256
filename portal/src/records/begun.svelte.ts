// Uploads that are begun: written down before anything is stored or sent, continued after a closed
// tab, and forgotten once they are in a final block, or refused for good and out of the store. What
// is written is encrypted or public.
import { BEST, chain, toHex } from '../chain/client.svelte';
import { eventOf, follow, notices, Refused, submit, type Order, type Signed } from '../chain/submit.svelte';
import { core } from '../core';
import { i18n } from '../i18n/index.svelte';
import { all, find, forget, keep } from '../keys/database';
import { session } from '../keys/session.svelte';
import { put, remove } from '../store/blocks';
import { recordOf } from './read';

/** An upload after the wallet has signed it. */
export interface Begun {
  /** The account on its chain, and the CID. */
  id: string;
  patient: string;
  cid: string;
  /** The encrypted file: encrypted again, it would have another CID. */
  bytes: Uint8Array;
  /** What has the file removed from the store again; older ones have none. */
  keeper?: string;
  /** Whether the chain refused it in a block: it is over once that is final, or no other takes it. */
  isRefused?: boolean;
  /** The call, in which the key is sealed to its readers. */
  call: Uint8Array;
  signed: Signed;
  /** What the call holds and pays, if it has to be signed again. */
  held: bigint;
  paid: bigint;
  since: number;
}

const lockOf = (id: string): string => `medchain/${id}`;

/** Grows whenever this page has done something with an upload. */
export const changes = $state({ count: 0 });

/**
 * Does something with an upload that no other tab does at the same time. What the chain refused in
 * a block is over; after any other failure, it can be carried on.
 */
export async function alone<T>(id: string, work: () => Promise<T>): Promise<T> {
  try {
    // The types of the library wrap the promise once more.
    return await (navigator.locks.request(lockOf(id), { ifAvailable: true }, async (lock) => {
      if (!lock) throw new Error(i18n.t.upload.otherTab);
      return work();
    }) as unknown as Promise<T>);
  } catch (error) {
    if (error instanceof Refused) await refuse(id);
    throw error;
  } finally {
    changes.count += 1;
  }
}

/** Notes that the chain refused an upload: `sweep` has the store let go of it. */
async function refuse(id: string): Promise<void> {
  const begun = await find<Begun>('uploads', id);
  if (begun) await keep('uploads', { ...begun, isRefused: true } as Begun);
}

/** Writes an upload down; `id` is what it was called when its owner was asked. */
export async function begin(begun: Omit<Begun, 'since'>): Promise<void> {
  // Another account may be here since: it would carry on what it has not signed.
  if (begun.id !== await nameOf(begun.cid)) throw new Error(i18n.t.upload.otherAccount);
  await keep('uploads', { ...begun, since: Date.now() } as Begun);
}

/** What an upload of whoever is signed in is called. */
export const nameOf = async (cid: string): Promise<string> => `${await session.id}/${cid}`;

/** An upload is on the chain for good. */
export const finish = async (cid: string): Promise<void> => forget('uploads', await nameOf(cid));

/** The uploads of whoever is signed in that no tab carries on. */
async function left(): Promise<Begun[]> {
  const [found, { held }] = await Promise.all([all<Begun>('uploads', `${await session.id}/`), navigator.locks.query()]);
  const busy = new Set(held?.map(({ name }) => name));
  return found.filter(({ id }) => !busy.has(lockOf(id))).sort((a, b) => a.since - b.since);
}

/** Those among them that are not in a block. One that is waits for finality, and nobody has to do anything. */
export async function unfinished(): Promise<Begun[]> {
  const found = (await left()).filter(({ isRefused }) => !isRefused);
  const records = await chain.api.query.Emr.Contents.getValues(await Promise.all(found.map(contentOf)), BEST);
  return found.filter((_, index) => records[index] === undefined);
}

/** Those that the chain refused, whose encrypted files may still be in the store. */
export const refused = async (): Promise<Begun[]> => (await left()).filter(({ isRefused }) => isRefused);

/** How the chain lists its content. */
const contentOf = async ({ cid, patient }: Begun): Promise<[`0x${string}`, string]> =>
  [toHex((await core()).cidHash(cid)), patient];

/** What is certain about a transaction that was signed. */
async function outcome(begun: Begun): Promise<bigint | 'open' | 'never'> {
  const [content, patient] = await contentOf(begun);
  const found = await chain.api.query.Emr.Contents.getValue(content, patient, BEST);
  if (found !== undefined) return found;
  const { hash, number } = await chain.client.getFinalizedBlock();
  const [isThere, { nonce }] = await Promise.all([
    chain.api.query.Emr.Contents.getValue(content, patient, { at: hash }),
    chain.api.query.System.Account.getValue(session.payer.address, { at: hash }),
  ]);
  if (isThere !== undefined) return isThere;
  // Another transaction has its nonce in a final block, or no block takes it any more.
  return nonce > begun.signed.nonce || number > begun.signed.until ? 'never' : 'open';
}

/**
 * Carries an upload on; returns its record.
 *
 * What is stored and sent is the same bytes as before. Only what certainly never had an effect is
 * signed again.
 */
export const carryOn = (begun: Begun, progress: (part: number) => void): Promise<bigint> => alone(begun.id, async () => {
  const { t } = i18n;
  const known = await outcome(begun);
  if (typeof known === 'bigint') {
    // It is forgotten in its final block; until then it may have to be sent once more.
    const { hash } = await chain.client.getFinalizedBlock();
    const [content, patient] = await contentOf(begun);
    if (await chain.api.query.Emr.Contents.getValue(content, patient, { at: hash }) !== undefined) await forget('uploads', begun.id);
    return known;
  }
  const store = () => put(begun.bytes, begun.keeper, progress);
  const done = () => forget('uploads', begun.id);
  const result = known === 'never'
    ? await submit(session.payer, {
      ...await asking(begun),
      held: begun.held,
      paid: begun.paid,
      before: async (signed) => {
        await keep('uploads', { ...begun, signed } as Begun);
        await store();
      },
      final: done,
    })
    : await store().then(() => follow(begun.signed.transaction, notices.add(t.upload.addTitle, 'signed'), done));
  const added = (eventOf(result, 'Emr', 'RecordAdded') ?? eventOf(result, 'Emr', 'RecordAmended')) as { record: bigint } | undefined;
  if (!added) throw new Error(t.upload.noEvent);
  return added.record;
});

interface Call { type: string; value: { type: string; value: { calls?: Call[]; record?: bigint } } }

/** The question about a call that is signed again: what it does is read from its own bytes. */
async function asking({ call }: Begun): Promise<Pick<Order, 'title' | 'lines' | 'call' | 'transaction'>> {
  const { t } = i18n;
  const transaction = await chain.api.txFromCallData(call);
  const whole = transaction.decodedCall as unknown as Call;
  const called = ({ type, value }: Call): string => `${type}.${value.type}`;
  const all = called(whole) === 'Utility.batch_all' ? whole.value.value.calls ?? [] : [whole];
  const records = (name: string) => all.filter((one) => called(one) === name).flatMap(({ value: { value } }) => value.record ?? []);
  return {
    title: records('Emr.amend_record').length > 0 ? t.access.rotateTitle : t.upload.addTitle,
    lines: [t.upload.signAgain, ...records('Emr.erase_record').flatMap((id) => t.access.eraseLines(id))],
    call: called(whole),
    transaction,
  };
}

/** Whether an upload may be forgotten: it certainly had no effect, and never will. */
export const isVoid = async (begun: Begun): Promise<boolean> => await outcome(begun) === 'never';

/** Gives an upload up that never had an effect, and says whether the store has let go of it. */
export const giveUp = (begun: Begun): Promise<boolean> => alone(begun.id, async () => {
  if (!await isVoid(begun)) throw new Error(i18n.t.upload.mayCome);
  // Where the store fails, it is listed with what is left there.
  await refuse(begun.id);
  return drop(begun);
});

/** Has the store let go of what never had an effect, and forgets it; false where it may be there still. */
async function drop(begun: Begun): Promise<boolean> {
  const [content] = await contentOf(begun);
  const isNamed = (await chain.api.query.Emr.Contents.getEntries(content, BEST)).length > 0;
  const isGone = isNamed || (begun.keeper !== undefined && await remove(begun.bytes, begun.keeper));
  await forget('uploads', begun.id);
  return isGone;
}

/**
 * Forgets those that are in a final block: a tab closed too early to see it. Those that the chain
 * refused for good go from the store as well.
 */
export async function sweep(): Promise<void> {
  const { hash } = await chain.client.getFinalizedBlock();
  for (const begun of await left()) {
    const [content, patient] = await contentOf(begun);
    const id = await chain.api.query.Emr.Contents.getValue(content, patient, { at: hash });
    if (id !== undefined) {
      if (await recordOf(id)) await forget('uploads', begun.id);
    } else if (begun.isRefused && await isVoid(begun)) {
      // A store that fails is asked again, or by whoever sees what is left.
      await navigator.locks.request(lockOf(begun.id), { ifAvailable: true }, async (lock) => {
        if (!lock || await drop(begun).catch(() => true)) return;
        // It is forgotten here, and the server does not know any more whose it is.
        notices.add(i18n.t.upload.dropTitle, 'error', i18n.t.upload.mayBeLeft);
      });
    }
  }
}
