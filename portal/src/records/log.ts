// The log of a patient: read from its end back by the links that the chain made. As a FHIR file it
// is compared with them, and told, by the same code as by the command line.
import { chain, toHex } from '../chain/client.svelte';
import { hashOf, storedAt, typesAfter, type Happened, type Types } from '../chain/metadata';
import { core } from '../core';
import { i18n } from '../i18n/index.svelte';
import { recordIdsOf, requestOf } from './read';

/** The pallets whose events about one patient are entries: anybody can give an event of a contract any topic. */
const PALLETS = ['Emr', 'Custody', 'Inference'];

/** The end of a log. */
interface Head { length: number; head: string; at: number }

const BEGIN: Head = { length: 0, head: `0x${'00'.repeat(32)}`, at: 0 };

/** A file, the number of entries in it, and of those that the node no longer has. */
export interface LogFile { bytes: Uint8Array; count: number; leftOut: number }

/** A block with entries. */
export interface Block {
  number: number;
  hash: string;
  /** Its time, as the command line writes it. */
  time: string;
  before: Head;
  /** The entries, as the chain's client has them. */
  events: Happened['event'][];
  /** The block as our Rust takes it. */
  json: string;
}

/** A log that is read from its end, in the last final block, back to its beginning. */
export class LogReader {
  /** How many entries are before those that were read. */
  left: number;
  #after: Head;

  private constructor(
    readonly patient: string, readonly end: string, readonly now: Types, readonly topic: string, after: Head,
  ) {
    this.#after = after;
    this.left = after.length;
  }

  static async open(patient: string): Promise<LogReader> {
    const [{ Log }, { hash: end }] = await Promise.all([core(), chain.client.getFinalizedBlock()]);
    const now = await typesAfter(end);
    return new LogReader(patient, end, now, toHex(Log.topic(patient)), await headAfter(now, patient, end));
  }

  /** The block before those that were read; nothing where there is none, or where the node no longer has it. */
  async next(): Promise<Block | null> {
    if (this.left === 0) return null;
    const block = await read(this.now, this.patient, this.topic, this.#after).catch((error: unknown) => {
      if (isDiscarded(error)) return null;
      throw error;
    });
    if (!block) return null;
    this.#after = block.before;
    this.left = block.before.length;
    return block;
  }
}

/** Reads the log of a patient up to the last final block. */
export async function fhirOf(patient: string, progress: (part: number) => void): Promise<LogFile> {
  const [{ Log }, reader] = await Promise.all([core(), LogReader.open(patient)]);
  const { end, now, left: total } = reader;
  const blocks: Block[] = [];
  for (let block = await reader.next(); block; block = await reader.next()) {
    blocks.push(block);
    progress((total - reader.left) / total);
  }
  blocks.reverse();
  const policies = await policiesAfter(now, patient, blocks[0]?.hash ?? end);
  const log = new Log(patient, BigUint64Array.from(await recordIdsOf(patient)), policies.own, policies.chain);
  try {
    for (const { json } of blocks) {
      for (const id of log.unknown(json)) {
        const request = await requestOf(id);
        if (request) log.learn(id, request.record, request.patient, request.requester);
      }
      log.take(json);
    }
    const bytes = log.fhir(await chain.genesis, await timeAfter(now, end));
    return { bytes, count: log.count, leftOut: reader.left };
  } finally {
    log.free();
  }
}

/** The node keeps the states of the last blocks alone. */
const isDiscarded = (error: unknown): boolean => error instanceof Error && /State already discarded|UnknownBlock/.test(error.message);

async function headAfter(types: Types, patient: string, hash: string): Promise<Head> {
  const { key, read } = types.storage('Emr', 'Logs');
  const stored = await storedAt(key(patient), hash);
  return stored ? read(stored) as Head : BEGIN;
}

async function policiesAfter(types: Types, patient: string, hash: string): Promise<{ own: string; chain: string }> {
  const own = types.storage('Emr', 'PatientPolicies');
  const [chosen, usual] = await Promise.all([storedAt(own.key(patient), hash), defaultPolicyAfter(types, hash)]);
  return { own: chosen ? own.read(chosen) as string : '', chain: usual ?? '' };
}

async function defaultPolicyAfter(types: Types, hash: string): Promise<string | null> {
  const { key, read } = types.storage('Emr', 'DefaultPolicy');
  const stored = await storedAt(key(), hash);
  return stored ? read(stored) as string : null;
}

/** The time of a block, as the command line writes it. */
async function timeAfter(types: Types, hash: string): Promise<string> {
  const { key, read } = types.storage('Timestamp', 'Now');
  const stored = await storedAt(key(), hash);
  return new Date(Number(stored ? read(stored) as bigint : 0n)).toISOString();
}

/** The block in which the log got its last entries up to `after`. */
async function read(now: Types, patient: string, topic: string, after: Head): Promise<Block> {
  const number = after.at;
  const [hash, parent] = await Promise.all([hashOf(number), hashOf(number - 1)]);
  const { key } = now.storage('System', 'Events');
  const [types, stored, time, defaultPolicy, before] = await Promise.all([
    typesAfter(parent), storedAt(key(), hash), timeAfter(now, hash), defaultPolicyAfter(now, hash), headAfter(now, patient, parent),
  ]);
  // Each is earlier and shorter than the one after it, so this ends.
  if (before.length >= after.length || before.at >= after.at) throw new Error(i18n.t.history.broken(number));
  const events = stored ? types.events(stored) : [];
  const signers = new Map<unknown, string>();
  for (const { phase, event: { type, value } } of events) {
    if (phase.type === 'ApplyExtrinsic' && type === 'TransactionPayment' && value.type === 'TransactionFeePaid') {
      signers.set(phase.value, (value.value as { who: string }).who);
    }
  }
  const ours = events.flatMap(({ phase, event, topics }, index) =>
    (PALLETS.includes(event.type) && topics.includes(topic) ? [{ phase, event, index }] : []));
  const entries = ours.map(({ phase, event, index }) => {
    const { bytes, fields } = types.encoded(event);
    const extrinsic = phase.type === 'ApplyExtrinsic' ? phase.value as number : null;
    return {
      index, extrinsic, signer: signers.get(extrinsic) ?? null, pallet: event.type, name: event.value.type,
      bytes: toHex(bytes), fields: Object.fromEntries(fields.map(([name, value]) => [name, toHex(value)])),
    };
  });
  const json = JSON.stringify({ number, time, defaultPolicy, before, after, entries });
  return { number, hash, time, before, events: ours.map(({ event }) => event), json };
}
