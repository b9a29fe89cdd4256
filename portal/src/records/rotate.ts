// A record under a new key and a new CID, as `medchain rotate` makes it: whoever may have kept the
// former key cannot open what is read from then on. The former version can go with it.
import { publicKey } from '../chain/accounts';
import { medc } from '../chain/amount';
import { BEST, chain, toHex } from '../chain/client.svelte';
import { eventOf, submit } from '../chain/submit.svelte';
import { core } from '../core';
import { i18n } from '../i18n/index.svelte';
import { session } from '../keys/session.svelte';
import { content, newKeeper, put } from '../store/blocks';
import { check, seal } from './access';
import { alone, begin, finish, nameOf } from './begun.svelte';
import { entrustment } from './custody';
import { encryptionKeyOf } from './known.svelte';
import { contentOf } from './open';
import { PURPOSES } from './purpose';
import { readersOf, recordOf, type Record } from './read';

/** Whether the policy lets an account view, for any purpose, or order predictions. */
async function mayRead(patient: string, account: string): Promise<boolean> {
  const [worker, infers, ...views] = await Promise.all([
    chain.api.query.Inference.Workers.getValue(account, BEST),
    check(patient, account, 'Infer'),
    ...PURPOSES.map((purpose) => check(patient, account, 'View', { purpose })),
  ]);
  // Workers that may only compute get the key once the chain draws them.
  return views.some((denial) => denial === null) || (infers === null && worker === undefined);
}

/** The readers of the next version, each with the key to which it is sealed. */
async function readersAfter(record: Record): Promise<[string, string][]> {
  const { t } = i18n;
  const readers: [string, string][] = [];
  for (const account of new Set([record.patient, ...await readersOf(record.id)])) {
    const isPatient = account === record.patient;
    if (!isPatient && account !== record.author && !await mayRead(record.patient, account)) continue;
    const published = await encryptionKeyOf(account);
    if (published) readers.push([account, published]);
    else if (isPatient) throw new Error(t.upload.noKeyOf(account));
  }
  return readers;
}

/** What comes back to whoever signs when a version is erased. */
async function depositsOf(id: bigint): Promise<bigint> {
  const [stored, envelopes, custody] = await Promise.all([
    chain.api.query.Emr.Records.getValue(id, BEST), chain.api.query.Emr.Envelopes.getEntries(id, BEST),
    chain.api.query.Custody.Custodies.getValue(id, BEST),
  ]);
  const { address } = session.payer;
  const paid = [...envelopes.map(({ value }) => value), ...(custody ? [custody] : [])];
  const own = paid.reduce((sum, { depositor, deposit }) => (depositor === address ? sum + deposit : sum), 0n);
  return stored?.author === address ? own + stored.deposit : own;
}

/**
 * Encrypts a record again for those who may still read it, and erases the former version in the same
 * transaction where that is wanted; returns the new version.
 */
export async function rotate(id: bigint, erasesOld: boolean): Promise<bigint> {
  const { t } = i18n;
  const record = await recordOf(id);
  if (record?.status !== 'Active') throw new Error(t.access.notNewest(id));
  const readers = await readersAfter(record);
  const file = await contentOf(record);
  const { Key, square } = await core();
  const key = Key.generate();
  try {
    const { patient } = record;
    const { cid, digest, bytes } = await content(key.encrypt(publicKey(patient), file));
    const film = record.kind === 'ChestXray' ? key.commitments(square(file)) : undefined;
    const envelopes: [string, Awaited<ReturnType<typeof seal>>][] = [];
    for (const [reader, published] of readers) {
      envelopes.push([reader, await seal(key, { patient, cid }, reader, published)]);
    }
    const kept = await entrustment(key, { patient, cid });
    const [recordDeposit, envelopeDeposit] = await Promise.all([
      chain.api.constants.Emr.RecordDeposit(), chain.api.constants.Emr.EnvelopeDeposit(),
    ]);
    const amend = chain.api.tx.Emr.amend_record({
      record: id,
      cid: new TextEncoder().encode(cid),
      digest: toHex(digest),
      commitments: film && { input_root: toHex(film.slice(0, 32)), verdicts: toHex(film.slice(32)) },
      envelopes,
      custody: kept?.made,
    });
    const erase = chain.api.tx.Emr.erase_record({ record: id });
    const transaction = erasesOld
      ? chain.api.tx.Utility.batch_all({ calls: [amend.decodedCall, erase.decodedCall] as never }) : amend;
    const held = recordDeposit + envelopeDeposit * BigInt(envelopes.length) + (kept?.held ?? 0n);
    const erasing = erasesOld ? [...t.access.eraseLines(id), t.tx.returns(medc(await depositsOf(id)))] : [];
    const name = await nameOf(cid);
    const outcome = await alone(name, () => submit(session.payer, {
      title: t.access.rotateTitle,
      lines: [...t.access.rotateLines(id, readers.length, kept?.made.dealing.shares.length ?? 0), ...erasing],
      call: erasesOld ? 'Utility.batch_all' : 'Emr.amend_record',
      transaction,
      held,
      // As for an upload: nothing is stored before it is signed, and written down.
      before: async (signed) => {
        const keeper = newKeeper();
        await begin({ id: name, patient, cid, bytes, keeper, call: await transaction.getEncodedData(), signed, held, paid: 0n });
        await put(bytes, keeper, () => undefined);
      },
      final: () => finish(cid),
    }));
    const amended = eventOf(outcome, 'Emr', 'RecordAmended') as { record: bigint } | undefined;
    if (!amended) throw new Error(t.upload.noEvent);
    return amended.record;
  } finally {
    key.free();
  }
}
