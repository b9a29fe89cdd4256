// From an image file to a record, and to a verdict where one is ordered.
import { core, type Key } from '../core';
import { publicKey } from '../chain/accounts';
import { BEST, chain, toHex } from '../chain/client.svelte';
import { eventOf, submit } from '../chain/submit.svelte';
import { session } from '../keys/session.svelte';
import { content, newKeeper, put } from '../store/blocks';
import { i18n } from '../i18n/index.svelte';
import { check, seal } from './access';
import { alone, begin, finish, nameOf } from './begun.svelte';
import { entrustment } from './custody';
import { encryptionKeyOf } from './known.svelte';
import { keyOf } from './open';
import { requestOf, type Model, type Record } from './read';

/** The largest file, as for the command line. */
export const MAX_FILE = 64 * 1024 * 1024;

/** How far an upload is. */
export type Step = 'encrypting' | 'storing' | 'adding' | 'drawing' | 'sealing' | 'computing' | 'done';

/** What is ordered with an upload. */
export interface InferenceOrder { model: Model; quorum: number; worker: string | undefined }

/** What the page is told on the way. */
export type Progress = (step: Step, part?: number) => void;

/** What a film shows: a grey for each pixel, in rows from the top. */
export interface Greys { width: number; height: number; pixels: Uint8Array }

/** Looks at a file as a worker would; fails in words where none could read it. */
export async function preview(bytes: Uint8Array): Promise<Greys> {
  const { Film } = await core();
  const film = new Film(bytes);
  try {
    return { width: film.width, height: film.height, pixels: film.pixels() };
  } finally {
    film.free();
  }
}

/** A file without what said who the patient is. */
export interface Cleaned {
  bytes: Uint8Array;
  /** Names of what was taken out. */
  removed: string[];
  /** What a person should look at first. */
  warnings: string[];
}

/** Cleans a film as the command line does before an upload; fails in words where it is none. */
export async function clean(file: Uint8Array): Promise<Cleaned> {
  const { Cleaned } = await core();
  const cleaned = new Cleaned(file);
  try {
    const { bytes, removed, warnings } = cleaned;
    return { bytes, removed, warnings };
  } finally {
    cleaned.free();
  }
}

/** The workers of a model, and whether the patient's policy lets each compute. */
export async function candidates(model: number, patient: string): Promise<{ worker: string; denied: string | null }[]> {
  const all = await chain.api.query.Inference.Candidates.getValue(model, BEST);
  return Promise.all(all.map(async ({ worker }) => ({
    worker, denied: await check(patient, worker, 'Infer', { model }),
  })));
}

/**
 * Encrypts, stores and registers an image, and carries an order to the workers.
 *
 * `told` hears when it is written down, and when the record is on the chain: from then on, the image
 * must not be uploaded again. What fails in between is carried on by `carryOn`, an order by
 * [`resume`].
 */
export async function upload(
  file: Uint8Array, patient: string, order: InferenceOrder | undefined, progress: Progress,
  told: { begun: () => void; added: (record: bigint) => void },
): Promise<void> {
  const { t } = i18n;
  const { address } = session.payer;
  const { Key, square } = await core();
  progress('encrypting');
  const films = square(file);
  const key = Key.generate();
  try {
    const patientKey = publicKey(patient);
    const { cid, digest, bytes } = await content(key.encrypt(patientKey, file));
    const commitments = key.commitments(films);
    const readers = [...new Set([patient, address, ...(order?.worker ? [order.worker] : [])])];
    const envelopes = [];
    for (const reader of readers) {
      const published = await encryptionKeyOf(reader);
      if (!published) throw new Error(t.upload.noKeyOf(reader));
      envelopes.push([reader, await seal(key, { patient, cid }, reader, published)] as [string, Awaited<ReturnType<typeof seal>>]);
    }
    const kept = await entrustment(key, { patient, cid });
    const [recordDeposit, envelopeDeposit] = await Promise.all([
      chain.api.constants.Emr.RecordDeposit(), chain.api.constants.Emr.EnvelopeDeposit(),
    ]);
    const transaction = chain.api.tx.Emr.add_record({
      patient,
      cid: new TextEncoder().encode(cid),
      digest: toHex(digest),
      kind: { type: 'ChestXray', value: undefined },
      commitments: { input_root: toHex(commitments.slice(0, 32)), verdicts: toHex(commitments.slice(32)) },
      envelopes,
      inference: order && { model: order.model.id, quorum: order.quorum, worker: order.worker },
      custody: kept?.made,
    });
    const held = recordDeposit + envelopeDeposit * BigInt(envelopes.length) + (kept?.held ?? 0n);
    const paid = order ? order.model.fee * BigInt(order.quorum) : 0n;
    if (session.payer.address !== address) throw new Error(t.upload.otherAccount);
    const id = await nameOf(cid);
    const outcome = await alone(id, () => submit(session.payer, {
      title: t.upload.addTitle,
      lines: t.upload.addLines(readers.length, order && !order.worker, kept?.made.dealing.shares.length ?? 0),
      call: 'Emr.add_record',
      transaction,
      held,
      paid,
      // Nothing is stored before it is signed, and written down.
      before: async (signed) => {
        const keeper = newKeeper();
        await begin({ id, patient, cid, bytes, keeper, call: await transaction.getEncodedData(), signed, held, paid });
        told.begun();
        await put(bytes, keeper, (part) => progress('storing', part));
        progress('adding');
      },
      final: () => finish(cid),
    }));
    const added = eventOf(outcome, 'Emr', 'RecordAdded') as { record: bigint } | undefined;
    if (!added) throw new Error(t.upload.noEvent);
    told.added(added.record);
    const requested = eventOf(outcome, 'Inference', 'InferenceRequested') as { request: bigint } | undefined;
    if (requested) await carry(requested.request, key, { patient, cid }, progress);
    progress('done', 1);
  } finally {
    key.free();
  }
}

const PAUSE = 500;
const pause = () => new Promise((resolve) => { setTimeout(resolve, PAUSE); });

/** Draws the workers, seals the key to them, and waits until they have answered. */
export async function carry(
  id: bigint, key: Key, record: Pick<Record, 'patient' | 'cid'>, progress: Progress,
): Promise<void> {
  const { t } = i18n;
  for (;;) {
    const request = await requestOf(id);
    if (!request) throw new Error(t.upload.noRequest);
    const committee = await chain.api.query.Inference.Committees.getValue(id, BEST);
    if (request.status === 'Drawing') {
      progress('drawing');
      // Before the chain has the seed, a draw would fail and cost its fee.
      if (committee && await waitsForSeed(committee.choice)) await pause();
      else await draw(id, request.quorum);
    } else if (request.status === 'Sealing' && committee) {
      progress('sealing');
      await sealTo(id, key, record, request.record, committee.members.map(({ worker }) => worker));
    } else if (['Committing', 'Revealing', 'Disputed'].includes(request.status)) {
      progress('computing');
      await pause();
    } else if (request.status === 'Answered') {
      return;
    } else {
      throw new Error(t.upload.ended[request.status as keyof typeof t.upload.ended] ?? request.status);
    }
    await pause();
  }
}

/** Whether the seed that draws the first workers is not there yet. */
async function waitsForSeed(choice: { type: string; value?: unknown }): Promise<boolean> {
  if (choice.type !== 'After') return false;
  const { number } = choice.value as { number: number };
  return (await chain.api.query.Inference.Seeds.getValue(number, BEST)) === undefined;
}

async function draw(request: bigint, quorum: number): Promise<void> {
  const { t } = i18n;
  await submit(session.payer, {
    title: t.upload.drawTitle,
    lines: t.upload.drawLines,
    call: 'Inference.draw_workers',
    transaction: chain.api.tx.Inference.draw_workers({ request, asks: Math.min(quorum + 2, 16) }),
  });
}

async function sealTo(
  request: bigint, key: Key, record: Pick<Record, 'patient' | 'cid'>, id: bigint, workers: string[],
): Promise<void> {
  const { t } = i18n;
  const keys: [string, Awaited<ReturnType<typeof seal>>][] = [];
  for (const worker of workers) {
    const [published, envelope] = await Promise.all([
      encryptionKeyOf(worker), chain.api.query.Emr.Envelopes.getValue(id, worker, BEST),
    ]);
    if (!published) throw new Error(t.upload.noKeyOf(worker));
    const sealed = await seal(key, record, worker, published);
    // One for a former key does not count, and is replaced.
    if (envelope?.sealed.key_name !== sealed.key_name) keys.push([worker, sealed]);
  }
  await submit(session.payer, {
    title: t.upload.sealTitle,
    lines: t.upload.sealLines(keys.length),
    call: 'Inference.seal_to_workers',
    transaction: chain.api.tx.Inference.seal_to_workers({ request, keys }),
    held: (await chain.api.constants.Emr.EnvelopeDeposit()) * BigInt(keys.length),
  });
}

/** Orders a verdict on an existing record. */
export async function infer(record: Record, order: InferenceOrder, progress: Progress): Promise<void> {
  const { t } = i18n;
  const outcome = await submit(session.payer, {
    title: t.upload.orderTitle,
    lines: t.upload.orderLines,
    call: 'Inference.request_inference',
    transaction: chain.api.tx.Inference.request_inference({
      record: record.id, order: { model: order.model.id, quorum: order.quorum, worker: order.worker },
    }),
    paid: order.model.fee * BigInt(order.quorum),
  });
  const requested = eventOf(outcome, 'Inference', 'InferenceRequested') as { request: bigint } | undefined;
  if (!requested) throw new Error(t.upload.noEvent);
  await resume(requested.request, record, progress);
}

/** Continues a request that an interruption left. */
export async function resume(request: bigint, record: Record, progress: Progress): Promise<void> {
  const key = await keyOf(record);
  try {
    await carry(request, key, record, progress);
    progress('done', 1);
  } finally {
    key.free();
  }
}

