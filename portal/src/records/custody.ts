// Who keeps a patient's keys, and what the patient says of emergencies.
import { publicKey } from '../chain/accounts';
import { BEST, chain, fromHex, toHex } from '../chain/client.svelte';
import { submit } from '../chain/submit.svelte';
import { core, type Key } from '../core';
import { i18n } from '../i18n/index.svelte';
import { session } from '../keys/session.svelte';
import { ensureKnown } from './known.svelte';
import { keyOf } from './open';
import type { Record } from './read';
import { emergencies, type Emergency } from './requests';

/** The custodians that a patient chose. */
export interface Group { members: { account: string; key: Uint8Array }[]; threshold: number }

/** The custodians of a patient; nothing where there are none. */
export async function groupOf(patient: string): Promise<Group | null> {
  const stored = await chain.api.query.Custody.CustodianGroups.getValue(patient, BEST);
  if (!stored) return null;
  return { threshold: stored.threshold, members: stored.members.map(([account, key]) => ({ account, key: fromHex(key) })) };
}

async function isCustodian(account: string): Promise<boolean> {
  const roles = await chain.api.query.Emr.Providers.getEntries(account, BEST);
  return roles.some(({ keyArgs }) => keyArgs[1].type === 'Custodian');
}

/** Those of these accounts that have the role and do not decline the patient. */
async function serving(accounts: string[], patient: string): Promise<string[]> {
  const [declined, have] = await Promise.all([
    chain.api.query.Custody.Declined.getValues(accounts.map((account) => [account, patient] as [string, string]), BEST),
    Promise.all(accounts.map(isCustodian)),
  ]);
  return accounts.filter((_, index) => declined[index] === undefined && have[index]);
}

/** The accounts that serve as custodians and do not decline the patient. */
export async function custodiansFor(patient: string): Promise<string[]> {
  const found = await chain.api.query.Custody.Custodians.getEntries(BEST);
  const accounts = found.filter(({ value, keyArgs }) => value.bond !== undefined && keyArgs[0] !== patient).map(({ keyArgs }) => keyArgs[0]);
  return (await serving(accounts, patient)).sort();
}

/** Whether all of these, whom the patient chose, can keep another key. */
async function canKeep(accounts: string[], patient: string): Promise<boolean> {
  const [registered, able] = await Promise.all([
    chain.api.query.Custody.Custodians.getValues(accounts.map((account) => [account] as [string]), BEST),
    serving(accounts, patient),
  ]);
  return registered.every((one) => one?.bond !== undefined) && able.length === accounts.length;
}

/** Chooses custodians of the records added from now on; an empty list dismisses all. */
export async function setCustodians(members: string[], threshold: number): Promise<void> {
  const { t } = i18n;
  const [deposit, before] = await Promise.all([chain.api.constants.Custody.CustodyDeposit(), groupOf(session.payer.address)]);
  const more = members.length - (before?.members.length ?? 0);
  await submit(session.payer, {
    title: members.length > 0 ? t.custody.setTitle : t.custody.clearTitle,
    lines: members.length > 0 ? t.custody.setLines(members.length, threshold) : t.custody.clearLines,
    call: 'Custody.set_custodians',
    transaction: chain.api.tx.Custody.set_custodians({ members, threshold }),
    held: more > 0 ? deposit * BigInt(more) : 0n,
    back: t.tx.backWithCustodians,
  });
}

/** An entrustment as the chain's client has it. */
export type Entrustment = NonNullable<Parameters<typeof chain.api.tx.Custody.entrust_record>[0]['entrustment']>;

function decode(bytes: Uint8Array): Entrustment {
  const count = (bytes[33] ?? 0) >> 2;
  const shares = Array.from({ length: count }, (_, index) => toHex(bytes.slice(34 + 32 * index, 66 + 32 * index)));
  const rest = 34 + 32 * count;
  return {
    threshold: bytes[0] ?? 0,
    dealing: { ephemeral: toHex(bytes.slice(1, 33)), shares, wrapped: toHex(bytes.slice(rest, rest + 48)), proof: toHex(bytes.slice(rest + 48)) },
  };
}

/**
 * Shares a key among the custodians of a patient, for a call of whoever is signed in; nothing
 * where there are none, or one of them serves no more and the chain would refuse.
 */
export async function entrustment(key: Key, record: Pick<Record, 'patient' | 'cid'>): Promise<{ made: Entrustment; held: bigint } | null> {
  const group = await groupOf(record.patient);
  if (!group) return null;
  if (!await canKeep(group.members.map(({ account }) => account), record.patient)) return null;
  for (const { account, key: told } of group.members) await ensureKnown('custodian', account, toHex(told));
  const { DealingName } = await core();
  const name = new DealingName(await chain.genesis, publicKey(record.patient), session.publicKey, record.cid);
  try {
    const keys = Uint8Array.from(group.members.flatMap(({ key: one }) => [...one]));
    const deposit = await chain.api.constants.Custody.CustodyDeposit();
    return { made: decode(key.entrust(group.threshold, keys, name)), held: deposit * BigInt(group.members.length) };
  } finally {
    name.free();
  }
}

/** Shares an existing record's key among the patient's custodians. */
export async function entrust(record: Record): Promise<void> {
  const { t } = i18n;
  const key = await keyOf(record);
  let found;
  try {
    found = await entrustment(key, record);
  } finally {
    key.free();
  }
  if (!found) throw new Error(t.custody.nobodyServes);
  const { made, held } = found;
  await submit(session.payer, {
    title: t.custody.entrustTitle,
    lines: t.custody.entrustLines(made.dealing.shares.length, made.threshold),
    call: 'Custody.entrust_record',
    transaction: chain.api.tx.Custody.entrust_record({ record: record.id, entrustment: made }),
    held,
  });
}

/** Takes a record's key from its custodians. */
export async function withdraw(record: Record): Promise<void> {
  const { t } = i18n;
  await submit(session.payer, {
    title: t.custody.withdrawTitle,
    lines: t.custody.withdrawLines,
    call: 'Custody.entrust_record',
    transaction: chain.api.tx.Custody.entrust_record({ record: record.id, entrustment: undefined }),
  });
}

/** The emergencies that an account may review: as the patient, or as a guardian. */
export async function reviewable(account: string): Promise<Emergency[]> {
  // The chain does not list whose guardian an account is: every patient is asked about, at once.
  const found = await emergencies();
  const patients = [...new Set(found.map(({ patient }) => patient))];
  const relations = await chain.api.query.Emr.Relations.getValues(patients.map((patient) => [patient, account] as [string, string]), BEST);
  const wards = new Set(patients.filter((_, index) => relations[index]?.kind.type === 'Guardian'));
  const mine = found.filter(({ patient, subject }) => patient === account || (wards.has(patient) && subject !== account));
  return mine.sort((a, b) => (a.id < b.id ? 1 : -1));
}

/** Whether whoever is signed in can still decide about an emergency. */
export function canDecide({ status, patient, by }: Emergency, account: string): { accept: boolean; reject: boolean } {
  const isPatient = patient === account;
  // What a guardian rejected, the patient can accept; their own no is final.
  const isOverturnable = status === 'Rejected' && by !== patient;
  return {
    accept: status === 'Open' || (isPatient && (['Endorsed', 'Escalated'].includes(status) || isOverturnable)),
    reject: status === 'Open' || status === 'Endorsed' || (isPatient && status === 'Escalated'),
  };
}

/** Accepts or rejects an emergency. */
export async function review(emergency: Emergency, accepted: boolean): Promise<void> {
  const { t } = i18n;
  const isPatient = emergency.patient === session.payer.address;
  await submit(session.payer, {
    title: accepted ? t.custody.acceptTitle : t.custody.rejectTitle,
    lines: accepted ? t.custody.acceptLines(emergency.subject, isPatient) : t.custody.rejectLines(emergency.subject),
    call: 'Custody.review_emergency',
    transaction: chain.api.tx.Custody.review_emergency({ emergency: emergency.id, accepted }),
  });
}

/** Whether a patient lets the glass be broken. */
export async function allowsEmergencies(patient: string): Promise<boolean> {
  return (await chain.api.query.Custody.EmergencyOptOuts.getValue(patient, BEST)) === undefined;
}

/** Allows or forbids breaking the glass over one's own records. */
export async function allowEmergencies(allowed: boolean): Promise<void> {
  const { t } = i18n;
  await submit(session.payer, {
    title: allowed ? t.custody.allowTitle : t.custody.forbidTitle,
    lines: allowed ? t.custody.allowLines : t.custody.forbidLines,
    call: 'Custody.set_emergency_access',
    transaction: chain.api.tx.Custody.set_emergency_access({ allowed }),
  });
}
