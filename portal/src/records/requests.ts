// Requests for keys that custodians keep: asked for with a fresh reply key, answered with shares.
import type { TxCallData } from 'polkadot-api';

import { publicKey } from '../chain/accounts';
import { BEST, chain, fromHex, toHex } from '../chain/client.svelte';
import { eventOf, NotSigned, Refused, submit, type Outcome } from '../chain/submit.svelte';
import { core, type Key } from '../core';
import { i18n } from '../i18n/index.svelte';
import { all, find, forget, keep } from '../keys/database';
import { session } from '../keys/session.svelte';
import { denialOf } from './denial';
import type { Purpose } from './purpose';
import { recordIdsOf, requestsAmong, type Record } from './read';

/** Custodians serve final blocks; on a network with a relay chain, half a minute later. */
const DELIVERY_LIMIT = 120_000;
const PAUSE = 500;

/** The custody of a record's key. */
export interface Custody { threshold: number; custodians: string[]; depositor: string; dealing: Uint8Array }

type Stored<T> = T extends (...all: never[]) => Promise<infer Value> ? NonNullable<Value> : never;
type StoredGrant = Stored<typeof chain.api.query.Custody.Grants.getValue>;
type StoredEmergency = Stored<typeof chain.api.query.Custody.Emergencies.getValue>;

/** A request that runs: the chain lets custodians deliver. */
export interface Grant {
  record: bigint;
  subject: string;
  /** What it is for; nothing in an emergency or for a drawn worker. */
  purpose: Purpose | null;
  emergency: bigint | null;
  reply: string;
  until: number;
  shares: number;
  deliveries: Uint8Array;
}

/** An emergency that is not closed. */
export interface Emergency {
  id: bigint;
  patient: string;
  subject: string;
  reason: Reason;
  brokenAt: number;
  until: number;
  reviewUntil: number;
  bond: bigint;
  requested: number;
  deliveries: number;
  status: StoredEmergency['status']['type'];
  /** Who endorsed or rejected it. */
  by: string | null;
}

export const REASONS = ['CannotConsent', 'LifeThreatening', 'MassCasualty', 'Other'] as const;
export type Reason = (typeof REASONS)[number];

const joined = (parts: (Uint8Array | number[])[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

/** Who keeps a record's key; nothing where nobody does. */
export async function custodyOf(record: bigint): Promise<Custody | null> {
  const stored = await chain.api.query.Custody.Custodies.getValue(record, BEST);
  if (!stored) return null;
  const { threshold, custodians, depositor, dealing } = stored;
  // There are at most 16 shares: their number is one byte.
  const encoded = joined([
    fromHex(dealing.id), fromHex(dealing.ephemeral), [dealing.shares.length << 2], ...dealing.shares.map(fromHex), fromHex(dealing.wrapped),
  ]);
  return { threshold, custodians, depositor, dealing: encoded };
}

function grant(record: bigint, subject: string, { basis, reply, until, deliveries }: StoredGrant): Grant {
  const encoded = deliveries.map(({ number, delivery }) => joined([[number], fromHex(delivery.ephemeral), fromHex(delivery.share)]));
  return {
    record, subject, reply, until, shares: deliveries.length,
    purpose: basis.type === 'Policy' ? basis.value.purpose.type : null,
    emergency: basis.type === 'Emergency' ? basis.value.emergency : null,
    deliveries: joined([[deliveries.length << 2], ...encoded]),
  };
}

/** The request of an account on a record, if one runs. */
export async function grantOn(record: bigint, subject: string): Promise<Grant | null> {
  const stored = await chain.api.query.Custody.Grants.getValue(record, subject, BEST);
  return stored ? grant(record, subject, stored) : null;
}

/** The requests that run on a patient's records, those on the newest first. */
export async function grantsOver(patient: string): Promise<Grant[]> {
  const found = await requestsAmong(await recordIdsOf(patient));
  const asked = [...found].flatMap(([subject, ids]) => ids.map((id) => [id, subject] as [bigint, string]));
  asked.sort(([a], [b]) => (a < b ? 1 : -1));
  const stored = await chain.api.query.Custody.Grants.getValues(asked, BEST);
  return asked.flatMap(([record, subject], index) => {
    const one = stored[index];
    return one ? [grant(record, subject, one)] : [];
  });
}

/** The requests of an account that run. */
export async function grantsOf(subject: string): Promise<Grant[]> {
  const found = await chain.api.query.Custody.Grants.getEntries(BEST);
  return found.filter(({ keyArgs }) => keyArgs[1] === subject).map(({ keyArgs: [record], value }) => grant(record, subject, value));
}

/** How many shares a record's key takes, of several records. */
export async function thresholdsOf(records: bigint[]): Promise<Map<bigint, number>> {
  const ids = [...new Set(records)];
  const found = await chain.api.query.Custody.Custodies.getValues(ids.map((id) => [id] as [bigint]), BEST);
  return new Map(ids.map((id, index) => [id, found[index]?.threshold ?? 0]));
}

function emergency(id: bigint, value: StoredEmergency): Emergency {
  return {
    id, patient: value.patient, subject: value.subject, reason: value.reason.type, brokenAt: value.broken_at, until: value.until,
    reviewUntil: value.review_until, bond: value.bond, requested: value.requested, deliveries: value.deliveries, status: value.status.type,
    by: value.status.type === 'Endorsed' || value.status.type === 'Rejected' ? value.status.value.by : null,
  };
}

/** The emergencies that are not closed. */
export async function emergencies(): Promise<Emergency[]> {
  const found = await chain.api.query.Custody.Emergencies.getEntries(BEST);
  return found.map(({ keyArgs: [id], value }) => emergency(id, value));
}

/** The emergencies of an account that are not closed: the chain counts them, and most have none. */
export async function emergenciesBy(subject: string): Promise<Emergency[]> {
  const count = await chain.api.query.Custody.OpenEmergencies.getValue(subject, BEST);
  return count === 0 ? [] : (await emergencies()).filter((one) => one.subject === subject);
}

/** A request's secret in this browser. */
interface KeptReply { id: string; sealed: Uint8Array; made: number }

const DAY = 86_400_000;
const nameOf = async (record: bigint): Promise<string> => `${await session.id}/${record}/`;

/** Draws the secret of a request and writes it down, before the request is sent. */
async function draw(record: bigint): Promise<{ reply: `0x${string}`; id: string }> {
  const { Reply } = await core();
  const secret = Reply.generate();
  try {
    const reply = toHex(secret.public);
    const sealed = secret.seal(session.secret, await chain.genesis, session.publicKey);
    const id = `${await nameOf(record)}${reply}`;
    await keep('replies', { id, sealed, made: Date.now() } as KeptReply);
    return { reply, id };
  } finally {
    secret.free();
  }
}

/** Forgets the secrets of a record's requests that are over: later, nothing opens those answers. */
async function tidy(record: bigint, running: string | undefined): Promise<void> {
  const prefix = await nameOf(record);
  for (const { id, made } of await all<KeptReply>('replies', prefix)) {
    // A young one may be on its way into a block.
    if (id !== `${prefix}${running}` && Date.now() - made > DAY) await forget('replies', id);
  }
}

/** Whether the secret of a request is in this browser. */
export async function isOurs({ record, reply }: Grant): Promise<boolean> {
  return (await find<KeptReply>('replies', `${await nameOf(record)}${reply}`)) !== undefined;
}

/** The key of a record that custodians delivered to whoever is signed in; nothing while they have not. */
export async function handedOver(record: Record): Promise<Key | null> {
  const { address } = session.payer;
  const [granted, custody] = await Promise.all([grantOn(record.id, address), custodyOf(record.id)]);
  await tidy(record.id, granted?.reply);
  if (!granted || !custody || granted.shares < custody.threshold) return null;
  const kept = await find<KeptReply>('replies', `${await nameOf(record.id)}${granted.reply}`);
  if (!kept) throw new Error(i18n.t.custody.elsewhere);
  const { DealingName, Reply } = await core();
  const keys = await Promise.all(custody.custodians.map((one) => chain.api.query.Custody.Custodians.getValue(one, BEST)));
  const genesis = await chain.genesis;
  const name = new DealingName(genesis, publicKey(record.patient), publicKey(custody.depositor), record.cid);
  const reply = session.open((secret) => Reply.open(secret, genesis, session.publicKey, kept.sealed));
  try {
    return reply.recover(custody.threshold, joined(keys.map((one) => fromHex(one?.key ?? ''))), name, custody.dealing, granted.deliveries);
  } finally {
    reply.free();
    name.free();
  }
}

/** Sends requests; where they certainly have no effect, their secrets are removed again. */
async function send(ids: string[], work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NotSigned || error instanceof Refused) for (const id of ids) await forget('replies', id);
    throw error;
  }
}

/** What is held from whoever asks for a record's key, and what the custodians are paid of it. */
async function costsOf(custody: Custody | null): Promise<{ held: bigint; paid: bigint }> {
  if (!custody) return { held: 0n, paid: 0n };
  const [deposit, fee] = await Promise.all([chain.api.constants.Custody.GrantDeposit(), chain.api.constants.Custody.DeliveryFee()]);
  return { held: deposit, paid: fee * BigInt(custody.threshold) };
}

/** Requests access to a record, and waits for its key. Returns why not, if the policy says no. */
export async function request(record: Record, purpose: Purpose, progress: (shares: number, of: number) => void): Promise<string | null> {
  const { t } = i18n;
  const custody = await custodyOf(record.id);
  const { reply, id } = await draw(record.id);
  const outcome = await send([id], async () => submit(session.payer, {
    title: t.custody.requestTitle,
    lines: t.custody.requestLines(t.purposes[purpose], custody?.threshold ?? 0),
    call: 'Custody.request_access',
    transaction: chain.api.tx.Custody.request_access({ record: record.id, purpose: { type: purpose, value: undefined }, reply }),
    ...await costsOf(custody),
    back: t.tx.backAfterRequest,
  }));
  const denied = eventOf(outcome, 'Custody', 'AccessDenied') as { reason: { type: string; value?: number } } | undefined;
  if (denied) {
    await forget('replies', id);
    return denialOf(denied.reason);
  }
  if (custody) await wait(record.id, custody.threshold, progress);
  return null;
}

/** Waits until enough custodians have delivered. */
async function wait(record: bigint, threshold: number, progress: (shares: number, of: number) => void): Promise<void> {
  const { address } = session.payer;
  const until = Date.now() + DELIVERY_LIMIT;
  for (;;) {
    const shares = (await grantOn(record, address))?.shares ?? 0;
    progress(shares, threshold);
    if (shares >= threshold || Date.now() > until) return;
    await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
  }
}

/** The emergency of an account over a patient in which it can still request records. */
export async function runningOver(patient: string, subject: string): Promise<Emergency | null> {
  const id = await chain.api.query.Custody.RunningEmergencies.getValue(patient, subject, BEST);
  const stored = id === undefined ? undefined : await chain.api.query.Custody.Emergencies.getValue(id, BEST);
  const found = id === undefined || !stored ? null : emergency(id, stored);
  return found && ['Open', 'Endorsed'].includes(found.status) && chain.best < found.until ? found : null;
}

/** What breaking the glass means, in numbers. */
export async function glass(): Promise<{ bond: bigint; opens: number; review: number }> {
  const { constants } = chain.api;
  const [bond, opens, review] = await Promise.all([
    constants.Custody.EmergencyBond(), constants.Custody.EmergencyPeriod(), constants.Custody.ReviewPeriod(),
  ]);
  return { bond, opens, review };
}

/** Breaks the glass over a record, or requests it in the emergency that runs, and waits for its key. */
export async function breakGlass(record: Record, reason: Reason, progress: (shares: number, of: number) => void): Promise<void> {
  const { t } = i18n;
  const { address } = session.payer;
  const [custody, running, { bond }] = await Promise.all([custodyOf(record.id), runningOver(record.patient, address), glass()]);
  if (!custody) throw new Error(t.custody.nobodyKeeps);
  const { reply, id } = await draw(record.id);
  const ask = chain.api.tx.Custody.request_in_emergency({ record: record.id, reply });
  const first = chain.api.tx.Custody.break_glass({ patient: record.patient, reason: { type: reason, value: undefined } });
  const calls: TxCallData[] = [first.decodedCall, ask.decodedCall];
  const { held, paid } = await costsOf(custody);
  await send([id], async () => submit(session.payer, {
    title: running ? t.custody.furtherTitle : t.custody.breakTitle,
    lines: running ? t.custody.furtherLines : t.custody.breakLines,
    call: running ? 'Custody.request_in_emergency' : 'Utility.batch_all (Custody.break_glass, Custody.request_in_emergency)',
    transaction: running ? ask : chain.api.tx.Utility.batch_all({ calls: calls as never }),
    held: (running ? 0n : bond) + held,
    back: running ? t.tx.backAfterRequest : t.tx.backAfterReview,
    paid,
  }));
  await wait(record.id, custody.threshold, progress);
}
