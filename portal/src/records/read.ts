// What the chain knows of records and verdicts.
import { addressOf, publicKey } from '../chain/accounts';
import { BEST, chain, fromHex, toHex } from '../chain/client.svelte';
import { keysBelow, numberAt } from '../chain/keys';

const text = new TextDecoder();

/** Bytes that the chain keeps as text. */
export const asText = (bytes: Uint8Array): string => text.decode(bytes);

/** A record. */
export interface Record {
  id: bigint;
  patient: string;
  author: string;
  /** The CID and the SHA-256 of its encrypted file; empty once it is erased: the chain forgets both. */
  cid: string;
  digest: string;
  kind: 'ChestXray' | 'Report' | 'Other';
  previous: bigint | undefined;
  addedAt: number;
  status: 'Active' | 'Superseded' | 'Erased';
}

type Stored = NonNullable<Awaited<ReturnType<typeof chain.api.query.Emr.Records.getValue>>>;

/** The CID and the SHA-256 of a record's encrypted file; nothing of an erased one. */
export function documentOf({ content }: Pick<Stored, 'content'>): { cid: string; digest: string } | null {
  return content.type === 'Kept' ? { cid: asText(content.value.cid), digest: content.value.digest } : null;
}

function record(id: bigint, stored: Stored): Record {
  const { cid, digest } = documentOf(stored) ?? { cid: '', digest: '' };
  return {
    id, patient: stored.patient, author: stored.author, cid, digest,
    kind: stored.kind.type, previous: stored.previous, addedAt: stored.added_at, status: stored.status.type,
  };
}

/** One record. */
export async function recordOf(id: bigint): Promise<Record | undefined> {
  const stored = await chain.api.query.Emr.Records.getValue(id, BEST);
  return stored && record(id, stored);
}

async function records(ids: bigint[]): Promise<Record[]> {
  const stored = await chain.api.query.Emr.Records.getValues(ids.map((id) => [id] as [bigint]), BEST);
  return ids.flatMap((id, index) => {
    const one = stored[index];
    return one ? [record(id, one)] : [];
  });
}

const newestFirst = (a: bigint, b: bigint): number => (a < b ? 1 : -1);

/** The numbers of a patient's records, newest first. */
export async function recordIdsOf(patient: string): Promise<bigint[]> {
  const keys = await keysBelow(await chain.api.query.Emr.RecordsOf.getKey(patient));
  // A key ends with the record's number.
  return keys.map((key) => numberAt(key)).sort(newestFirst);
}

/** How many records are shown at once. */
export const PAGE = 20;

/** Several records, those that there are, in the order of their numbers here. */
export const recordsAt = (ids: bigint[]): Promise<Record[]> => records(ids);

/** A page of a patient's records. */
export const recordsOf = async (ids: bigint[], from: number, count: number): Promise<Record[]> =>
  records(ids.slice(from, from + count));

/** The digits of an account at the end of a key, and those of the hash before it. */
const ACCOUNT = 64;
const HASH = 32;

/** Of a map by record and account: the accounts, in hexadecimal digits, each with its records, newest first. */
async function byAccount(prefix: string): Promise<Map<string, bigint[]>> {
  const all = new Map<string, bigint[]>();
  for (const key of await keysBelow(prefix)) {
    const account = key.slice(-ACCOUNT);
    const found = all.get(account) ?? [];
    found.push(numberAt(key, ACCOUNT + HASH));
    all.set(account, found);
  }
  for (const found of all.values()) found.sort(newestFirst);
  return all;
}

/** Who has something of these records: each account with the numbers of those records, newest first. */
async function among(ids: bigint[], prefix: string): Promise<Map<string, bigint[]>> {
  const wanted = new Set(ids);
  const all = new Map<string, bigint[]>();
  for (const [account, found] of await byAccount(prefix)) {
    const theirs = found.filter((id) => wanted.has(id));
    if (theirs.length > 0) all.set(addressOf(fromHex(account)), theirs);
  }
  return all;
}

/** The accounts that have an envelope of these records. */
export const envelopesAmong = async (ids: bigint[]): Promise<Map<string, bigint[]>> =>
  among(ids, await chain.api.query.Emr.Envelopes.getKey());

/** The accounts to which custodians may deliver the keys of these records. */
export const requestsAmong = async (ids: bigint[]): Promise<Map<string, bigint[]>> =>
  among(ids, await chain.api.query.Custody.Grants.getKey());

/** The records of others for which an account has an envelope, newest first. */
export async function sharedWith(account: string): Promise<Record[]> {
  const all = await byAccount(await chain.api.query.Emr.Envelopes.getKey());
  const found = await records(all.get(toHex(publicKey(account)).slice(2)) ?? []);
  return found.filter(({ patient, status }) => patient !== account && status !== 'Erased');
}

/** The accounts that have an envelope of a record. */
export async function readersOf(id: bigint): Promise<string[]> {
  const found = await chain.api.query.Emr.Envelopes.getEntries(id, BEST);
  return found.map(({ keyArgs }) => keyArgs[1]);
}

/** A model. */
export interface Model {
  id: number;
  name: string;
  version: string;
  labels: string[];
  /** A label below this share is uncertain; in parts per million. */
  threshold: number;
  fee: bigint;
  minQuorum: number;
  isExact: boolean;
  isActive: boolean;
  /** The CID and the SHA-256 of its file. */
  cid: string;
  sha256: string;
  /** The id of the steps that prepare a film for it, as it stands in receipts. */
  preprocessing: Uint8Array;
  /** The CID of its card. */
  card: string | null;
}

/** All models. */
export async function models(): Promise<Model[]> {
  const found = await chain.api.query.Inference.Models.getEntries(BEST);
  const all = found.map(({ keyArgs: [id], value }) => ({
    id,
    name: asText(value.name),
    version: asText(value.version),
    labels: value.labels.map(asText),
    threshold: value.confidence_threshold,
    fee: value.fee,
    minQuorum: value.min_quorum,
    isExact: value.arithmetic.type === 'Exact',
    isActive: value.status.type === 'Active',
    cid: asText(value.cid),
    sha256: value.sha256,
    preprocessing: value.preprocessing,
    card: value.card ? asText(value.card) : null,
  }));
  return all.sort((a, b) => a.id - b.id);
}

/** A verdict, sealed. */
export interface Verdict {
  request: bigint;
  record: bigint;
  model: number;
  workers: string[];
  sealed: Uint8Array;
  receipt: string;
  reachedAt: number;
  challengeableUntil: number;
  status: 'Standing' | 'Challenged' | 'Annulled' | 'Withdrawn';
}

/** The newest verdict of each model on a record. */
export async function verdictsOf(record: bigint): Promise<Verdict[]> {
  const found = await chain.api.query.Inference.LatestVerdict.getEntries(record, BEST);
  const requests = found.map(({ value }) => value);
  const stored = await chain.api.query.Inference.Verdicts.getValues(requests.map((id) => [id] as [bigint]), BEST);
  return requests.flatMap((request, index) => {
    const one = stored[index];
    return one ? [verdictOf(request, one)] : [];
  });
}

type StoredVerdict = NonNullable<Awaited<ReturnType<typeof chain.api.query.Inference.Verdicts.getValue>>>;

/** A verdict as the chain stores it. */
export function verdictOf(request: bigint, stored: StoredVerdict): Verdict {
  const { record, model, workers, sealed, receipt } = stored;
  return {
    request, record, model, workers, sealed, receipt, reachedAt: stored.reached_at,
    challengeableUntil: stored.challengeable_until, status: stored.status.type,
  };
}

/** An open request. */
export interface Request {
  id: bigint;
  record: bigint;
  patient: string;
  model: number;
  requester: string;
  quorum: number;
  deadline: number;
  status: string;
}

/** The open requests on a record. */
export async function openRequestsOf(record: bigint): Promise<Request[]> {
  const found = await chain.api.query.Inference.OpenRequestOf.getEntries(record, BEST);
  const all = await Promise.all(found.map(({ value }) => requestOf(value)));
  return all.flatMap((one) => (one ? [one] : []));
}

/** One request. */
export async function requestOf(id: bigint): Promise<Request | undefined> {
  const stored = await chain.api.query.Inference.Requests.getValue(id, BEST);
  return stored && { ...stored, id, status: stored.status.type };
}

/** The number of the next request. */
export const nextRequest = (): Promise<bigint> => chain.api.query.Inference.NextRequestId.getValue(BEST);

/** The requests of an account among those from one number to before another, the newest first. */
export async function requestsBy(account: string, from: bigint, to: bigint): Promise<Request[]> {
  const ids = Array.from({ length: Number(to - from) }, (_, index) => to - 1n - BigInt(index));
  const stored = await chain.api.query.Inference.Requests.getValues(ids.map((id) => [id] as [bigint]), BEST);
  return ids.flatMap((id, index) => {
    const one = stored[index];
    return one?.requester === account ? [{ ...one, id, status: one.status.type }] : [];
  });
}

const times = new Map<number, Date | null>();
// Timestamp.Now: the hashes of both names.
const NOW = '0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb';

/** When a block was made; nothing where the node no longer knows. */
export async function timeOf(block: number): Promise<Date | null> {
  const known = times.get(block);
  if (known !== undefined) return known;
  try {
    const hash = await chain.client._request<string>('chain_getBlockHash', [block]);
    const stored = await chain.client._request<string | null>('state_getStorage', [NOW, hash]);
    const bytes = (stored ?? '').slice(2).match(/../g) ?? [];
    const millis = bytes.reduceRight((sum, byte) => sum * 256 + parseInt(byte, 16), 0);
    const time = millis > 0 ? new Date(millis) : null;
    times.set(block, time);
    return time;
  } catch {
    return null;
  }
}
