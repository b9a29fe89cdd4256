// Who may do what: asked of the chain, which asks the patient's policy contract.
import type { Transaction, TxCallData } from 'polkadot-api';
import { Enum } from 'polkadot-api';

import { normal, publicKey } from '../chain/accounts';
import { medc } from '../chain/amount';
import { BEST, chain, fromHex } from '../chain/client.svelte';
import { decodeEnvelope } from '../chain/envelope';
import { submit } from '../chain/submit.svelte';
import { core, type Key } from '../core';
import { session } from '../keys/session.svelte';
import { i18n } from '../i18n/index.svelte';
import { denialOf, type Denial } from './denial';
import { encryptionKeyOf } from './known.svelte';
import { keyOf, NoKey } from './open';
import { PURPOSES, type Purpose } from './purpose';
import { envelopesAmong, recordIdsOf, recordsAt, requestsAmong, type Record } from './read';

export const ACTIONS = ['View', 'Append', 'Amend', 'Share', 'Infer', 'Emergency'] as const;
export type Action = (typeof ACTIONS)[number];

/** Asks the chain, as it asks itself during a call. */
export async function check(
  patient: string, subject: string, action: Action,
  about: { record?: bigint; purpose?: Purpose; model?: number } = {},
): Promise<Denial | null> {
  const purpose = about.purpose && { type: about.purpose, value: undefined };
  const answer = await chain.api.apis.EmrApi.check_access(
    patient, subject, about.record, { type: action, value: undefined }, purpose, about.model, BEST,
  );
  return answer.success ? null : denialOf(answer.value as { type: string; value?: unknown });
}

/** The policy contract in force for a patient; nothing where nobody is asked. */
export async function policyOf(patient: string): Promise<string | null> {
  const own = await chain.api.query.Emr.PatientPolicies.getValue(patient, BEST);
  if (own === patient) return null;
  return own ?? (await chain.api.query.Emr.DefaultPolicy.getValue(BEST)) ?? null;
}

/** In the order of their numbers on the chain. */
export const ROLES = ['LabTechnician', 'Clinician', 'Hospital', 'Custodian'] as const;
export type Role = (typeof ROLES)[number];

/** What a patient granted to an account or a role. */
export interface Granted { actions: Action[]; purposes: Purpose[] | null; until: number | undefined; revoked: boolean }

const members = <T>(bits: number, all: readonly T[]): T[] => all.filter((_, index) => (bits >> index) & 1);
const bitsOf = <T>(chosen: readonly T[], all: readonly T[]): number =>
  all.reduce((bits, one, index) => (chosen.includes(one) ? bits | (1 << index) : bits), 0);

/** The grant of a patient to an account, as the reference policy has it. */
export async function grantOf(policy: string, patient: string, grantee: string): Promise<Granted | null> {
  const { policyGrantOf } = await core();
  return askGrant(policy, patient, policyGrantOf(publicKey(patient), publicKey(grantee)));
}

/** The roles to which a patient granted something that holds. */
export async function roleGrantsOf(policy: string, patient: string): Promise<{ role: Role; granted: Granted }[]> {
  const { policyRoleGrantOf } = await core();
  const found = await Promise.all(ROLES.map(async (role, number) => ({
    role, granted: await askGrant(policy, patient, policyRoleGrantOf(publicKey(patient), number)),
  })));
  return found.flatMap(({ role, granted }) => (granted && !granted.revoked ? [{ role, granted }] : []));
}

async function askGrant(policy: string, patient: string, data: Uint8Array): Promise<Granted | null> {
  const { Grant } = await core();
  const answer = await chain.api.apis.ContractsApi.call(patient, policy, 0n, undefined, undefined, data, BEST);
  if (!answer.result.success || (answer.result.value.flags & 1) !== 0) return null;
  try {
    const grant = Grant.read(answer.result.value.data);
    if (!grant) return null;
    const { actions, purposes, until, revoked } = grant;
    grant.free();
    return {
      actions: members(actions, ACTIONS), purposes: purposes === undefined ? null : members(purposes, PURPOSES), until, revoked,
    };
  } catch {
    // Another policy answers in its own way.
    return null;
  }
}

/** One account that can do something with the records of whoever is signed in. */
export interface Row {
  account: string;
  knownAs: string[];
  allowed: { action: Action; purposes: Purpose[] | null }[];
  granted: Granted | null;
  envelopes: bigint[];
}

const REMEMBERED = 'medchain.granted';

function rememberedOfAll(): { [patient: string]: string[] } {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED) ?? '{}') as { [patient: string]: string[] };
  } catch {
    return {};
  }
}

/** Accounts that were granted something here: the contract has no list of them. */
const remembered = (patient: string): string[] => rememberedOfAll()[patient] ?? [];

function remember(patient: string, account: string): void {
  const all = new Set([...remembered(patient), account]);
  localStorage.setItem(REMEMBERED, JSON.stringify({ ...rememberedOfAll(), [patient]: [...all] }));
}

/** Every account that can do something with a patient's records, and the one that is asked about. */
export async function rows(patient: string, asked: string | null): Promise<Row[]> {
  const ids = await recordIdsOf(patient);
  const known = new Map<string, { knownAs: Set<string>; envelopes: bigint[] }>();
  const entry = (account: string) => {
    const found = known.get(account) ?? { knownAs: new Set<string>(), envelopes: [] };
    known.set(account, found);
    return found;
  };
  const [relations, workers, providers, policy] = await Promise.all([
    chain.api.query.Emr.Relations.getEntries(patient, BEST),
    chain.api.query.Inference.Workers.getEntries(BEST),
    chain.api.query.Emr.Providers.getEntries(BEST),
    policyOf(patient),
  ]);
  for (const { keyArgs, value } of relations) entry(keyArgs[1]).knownAs.add(i18n.t.relations.kinds[value.kind.type]);
  for (const { keyArgs } of workers) entry(keyArgs[0]).knownAs.add(i18n.t.access.worker);
  for (const { keyArgs } of providers) entry(keyArgs[0]).knownAs.add(i18n.t.access.roles[keyArgs[1].type]);
  for (const account of remembered(patient)) entry(account);
  if (asked) entry(asked);
  for (const [reader, theirs] of await openedBy(ids)) entry(reader).envelopes.push(...theirs);
  known.delete(patient);
  const all = await Promise.all([...known].map(async ([account, { knownAs, envelopes }]): Promise<Row> => {
    const allowed: Row['allowed'] = [];
    const purposes: Purpose[] = [];
    await Promise.all([
      ...PURPOSES.map(async (purpose) => {
        if (!(await check(patient, account, 'View', { purpose }))) purposes.push(purpose);
      }),
      ...ACTIONS.filter((action) => action !== 'View').map(async (action) => {
        if (!(await check(patient, account, action))) allowed.push({ action, purposes: null });
      }),
    ]);
    if (purposes.length > 0) {
      allowed.push({ action: 'View', purposes: purposes.length === PURPOSES.length ? null : purposes });
    }
    allowed.sort((a, b) => ACTIONS.indexOf(a.action) - ACTIONS.indexOf(b.action));
    const granted = policy ? await grantOf(policy, patient, account) : null;
    return { account, knownAs: [...knownAs], allowed, granted, envelopes };
  }));
  return all.filter(({ account, allowed, envelopes, granted }) =>
    account === asked || allowed.length + envelopes.length > 0 || granted !== null);
}

/** A limit of gas or storage with a tenth of room. */
const withRoom = (value: bigint): bigint => value + value / 10n + 1n;

interface Called { data: TxCallData; transaction: Transaction; held: bigint }

/** A call of a contract with the limits that a trial needed; fails in words where it refuses. */
async function callOf(contract: string, data: Uint8Array): Promise<Called> {
  const { address } = session.payer;
  const trial = await chain.api.apis.ContractsApi.call(address, contract, 0n, undefined, undefined, data, BEST);
  if (!trial.result.success) throw new Error(i18n.t.access.noAnswer);
  const { flags, data: answer } = trial.result.value;
  if ((flags & 1) !== 0) throw new Error(refusal(answer));
  const gas = trial.gas_required;
  const deposit = trial.storage_deposit.type === 'Charge' ? withRoom(trial.storage_deposit.value) : 0n;
  const transaction = chain.api.tx.Contracts.call({
    dest: Enum('Id', contract),
    value: 0n,
    gas_limit: { ref_time: withRoom(gas.ref_time), proof_size: withRoom(gas.proof_size) },
    storage_deposit_limit: deposit,
    data,
  });
  return { data: transaction.decodedCall, transaction, held: deposit };
}

/** The reference policy's errors: ink! puts `Ok` around the message's own `Err`. */
function refusal(answer: Uint8Array): string {
  const [outer, inner, index] = answer;
  const known = outer === 0 && inner === 1 && index !== undefined ? i18n.t.access.refusals[index] : undefined;
  return known ?? i18n.t.access.noAnswer;
}

async function policyOrFail(): Promise<string> {
  const policy = await policyOf(session.payer.address);
  if (!policy) throw new Error(i18n.t.access.noPolicy);
  return policy;
}

/** Seals a record's key to a reader. */
export async function seal(key: Key, record: Pick<Record, 'patient' | 'cid'>, reader: string, published: string): Promise<ReturnType<typeof decodeEnvelope>> {
  const { Name } = await core();
  const name = new Name(await chain.genesis, publicKey(record.patient), record.cid, publicKey(reader));
  try {
    return decodeEnvelope(key.seal(fromHex(published), name));
  } finally {
    name.free();
  }
}

/** How many keys one transaction gives: each is weighed with a question to the policy. */
const GIVEN_AT_ONCE = 40;
/** How many keys one transaction takes back, as by the command line. */
const TAKEN_AT_ONCE = 200;

/** Who can open these records, each account with their numbers: by an envelope, or as custodians deliver. */
async function openedBy(ids: bigint[]): Promise<Map<string, bigint[]>> {
  const [envelopes, requests] = await Promise.all([envelopesAmong(ids), requestsAmong(ids)]);
  for (const [account, theirs] of requests) {
    const all = new Set([...(envelopes.get(account) ?? []), ...theirs]);
    envelopes.set(account, [...all].sort((a, b) => (a < b ? 1 : -1)));
  }
  return envelopes;
}

/** All records of a patient whose key an account does not have yet, newest first. */
async function lackingTo(patient: string, reader: string): Promise<Record[]> {
  const ids = await recordIdsOf(patient);
  const has = new Set((await envelopesAmong(ids)).get(normal(reader)));
  const found = await recordsAt(ids.filter((id) => !has.has(id)));
  return found.filter(({ status }) => status === 'Active');
}

/** The calls that give the keys of records, and how many of these one's own key does not open. */
async function giving(records: Record[], reader: string, published: string): Promise<{ calls: TxCallData[]; unopened: number }> {
  const calls: TxCallData[] = [];
  let unopened = 0;
  for (const record of records) {
    try {
      const key = await keyOf(record);
      try {
        const sealed_key = await seal(key, record, reader, published);
        calls.push(chain.api.tx.Emr.share_record({ record: record.id, reader, sealed_key }).decodedCall);
      } finally {
        key.free();
      }
    } catch (error) {
      if (!(error instanceof NoKey)) throw error;
      unopened += 1;
    }
  }
  return { calls, unopened };
}

/** The last block of a grant, and how the page names it. */
export interface Until { block: number; text: string }

/** What is granted. */
export interface GrantOrder { account: string; actions: Action[]; purposes: Purpose[] | null; until: Until | undefined; share: boolean }

/**
 * Grants, and gives the keys of all records so far: in one transaction with the grant, and in
 * further ones where they are too many for a block.
 */
export async function grant({ account, actions, purposes, until, share }: GrantOrder): Promise<void> {
  const { t } = i18n;
  const { address } = session.payer;
  const policy = await policyOrFail();
  const { policyGrant } = await core();
  const data = policyGrant(publicKey(account), bitsOf(actions, ACTIONS), purposes ? bitsOf(purposes, PURPOSES) : undefined, until?.block);
  const call = await callOf(policy, data);
  const published = share ? await encryptionKeyOf(account) : undefined;
  if (share && !published) throw new Error(t.access.noKeyOf);
  const lacking = published ? await lackingTo(address, account) : [];
  const deposit = await chain.api.constants.Emr.EnvelopeDeposit();
  for (let from = 0; from === 0 || from < lacking.length; from += GIVEN_AT_ONCE) {
    const part = lacking.slice(from, from + GIVEN_AT_ONCE);
    const isFirst = from === 0;
    try {
      const { calls, unopened } = published ? await giving(part, account, published) : { calls: [], unopened: 0 };
      const all = isFirst ? [call.data, ...calls] : calls;
      if (all.length === 0) continue;
      const isAlone = isFirst && all.length === 1;
      await submit(session.payer, {
        title: t.access.grantTitle,
        lines: [
          ...(isFirst ? t.access.grantLines(account, actions.map((one) => t.actions[one]), until?.text) : []),
          ...t.access.keyLines(account, calls.length, unopened, lacking.length - from - part.length),
        ],
        call: isAlone ? 'Contracts.call' : 'Utility.batch_all',
        transaction: isAlone ? call.transaction : chain.api.tx.Utility.batch_all({ calls: all as never }),
        held: (isFirst ? call.held : 0n) + deposit * BigInt(calls.length),
        back: isFirst ? t.tx.backOfGrant : t.tx.backOfKeys,
      });
    } catch (error) {
      if (isFirst) throw error;
      // The grant stands, and what is left is told whatever ended this.
      throw new Error(t.access.grantPartly(from, lacking.length));
    }
    if (isFirst) remember(address, account);
  }
}

/** Calls the policy contract. */
async function callPolicy(title: string, lines: string[], data: Uint8Array): Promise<void> {
  const { transaction, held } = await callOf(await policyOrFail(), data);
  await submit(session.payer, { title, lines, call: 'Contracts.call', transaction, held, back: i18n.t.tx.backOfGrant });
}

/** Grants every account with a role. */
export async function grantRole(role: Role, { actions, purposes, until }: Omit<GrantOrder, 'account' | 'share'>): Promise<void> {
  const { t } = i18n;
  const { policyGrantRole } = await core();
  const data = policyGrantRole(ROLES.indexOf(role), bitsOf(actions, ACTIONS), purposes ? bitsOf(purposes, PURPOSES) : undefined, until?.block);
  const who = t.access.everyone(t.access.roles[role]);
  const lines = [...t.access.grantLines(who, actions.map((one) => t.actions[one]), until?.text), t.access.roleNote];
  await callPolicy(t.access.grantTitle, lines, data);
}

/** Revokes the grant to a role; grants to accounts stay. */
export async function revokeRole(role: Role): Promise<void> {
  const { t } = i18n;
  const { policyRevokeRole } = await core();
  await callPolicy(t.access.revokeTitle, t.access.revokeRoleLines(t.access.roles[role]), policyRevokeRole(ROLES.indexOf(role)));
}

/** Grants the workers of a model what they need to compute. */
export async function grantWorkers(workers: string[]): Promise<void> {
  const { t } = i18n;
  const policy = await policyOrFail();
  const { policyGrant } = await core();
  const calls: TxCallData[] = [];
  let held = 0n;
  for (const worker of workers) {
    const call = await callOf(policy, policyGrant(publicKey(worker), bitsOf(['Infer'], ACTIONS), undefined, undefined));
    calls.push(call.data);
    held += call.held;
  }
  await submit(session.payer, {
    title: t.access.workersTitle,
    lines: t.access.workersLines(workers.length),
    call: 'Utility.batch_all',
    transaction: chain.api.tx.Utility.batch_all({ calls: calls as never }),
    held,
  });
}

/**
 * Revokes a grant, and removes all keys of the patient's records that the account has: in one
 * transaction, and in further ones where they are too many for a block. Returns the records whose
 * keys it may have kept.
 */
export async function revoke(account: string): Promise<bigint[]> {
  const { t } = i18n;
  const { address } = session.payer;
  const having = (await openedBy(await recordIdsOf(address))).get(normal(account)) ?? [];
  const first: TxCallData[] = [];
  const policy = await policyOf(address);
  const granted = policy ? await grantOf(policy, address, account) : null;
  if (policy && granted && !granted.revoked) {
    const { policyRevoke } = await core();
    first.push((await callOf(policy, policyRevoke(publicKey(account)))).data);
  }
  if (first.length + having.length === 0) throw new Error(t.access.nothingToRevoke);
  for (let from = 0; from === 0 || from < having.length; from += TAKEN_AT_ONCE) {
    const part = having.slice(from, from + TAKEN_AT_ONCE);
    const removals = part.map((record) => chain.api.tx.Emr.remove_envelope({ record, reader: account }).decodedCall);
    const calls = from === 0 ? [...first, ...removals] : removals;
    const returned = await depositsOf(part, account);
    try {
      await submit(session.payer, {
        title: t.access.revokeTitle,
        lines: [
          ...t.access.revokeLines(account, spans(part), part.length, having.length - from - part.length),
          ...(returned > 0n ? [t.tx.returns(medc(returned))] : []),
        ],
        call: 'Utility.batch_all',
        transaction: chain.api.tx.Utility.batch_all({ calls: calls as never }),
      });
    } catch (error) {
      if (from === 0) throw error;
      throw new Error(t.access.revokePartly(from, having.length));
    }
  }
  return having;
}

/** What comes back to whoever signs when an account's envelopes of these records are removed. */
async function depositsOf(records: bigint[], account: string): Promise<bigint> {
  const stored = await chain.api.query.Emr.Envelopes.getValues(records.map((id) => [id, account] as [bigint, string]), BEST);
  const { address } = session.payer;
  return stored.reduce((sum, one) => (one?.depositor === address ? sum + one.deposit : sum), 0n);
}

/** Numbers of records in short: 1–3, 7. */
export function spans(ids: bigint[]): string {
  const runs: [bigint, bigint][] = [];
  for (const id of [...ids].sort((a, b) => (a < b ? -1 : 1))) {
    const last = runs.at(-1);
    if (last && last[1] + 1n === id) last[1] = id;
    else runs.push([id, id]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}

/** Gives one record's key to another reader. */
export async function shareRecord(record: Record, account: string): Promise<void> {
  const { t } = i18n;
  const published = await encryptionKeyOf(account);
  if (!published) throw new Error(t.access.noKeyOf);
  const key = await keyOf(record);
  try {
    const sealed_key = await seal(key, record, account, published);
    await submit(session.payer, {
      title: t.access.shareTitle,
      lines: t.access.shareLines(account, record.id),
      call: 'Emr.share_record',
      transaction: chain.api.tx.Emr.share_record({ record: record.id, reader: account, sealed_key }),
      held: await chain.api.constants.Emr.EnvelopeDeposit(),
      back: t.tx.backOfKeys,
    });
  } finally {
    key.free();
  }
}

/** Deploys the reference policy and chooses it, in one transaction. */
export async function deployPolicy(): Promise<void> {
  const { t } = i18n;
  const { address } = session.payer;
  const { policyConstructor } = await core();
  const found = await fetch('/policy.wasm');
  if (!found.ok) throw new Error(t.access.noCode);
  const code = new Uint8Array(await found.arrayBuffer());
  const data = policyConstructor();
  const salt = crypto.getRandomValues(new Uint8Array(8));
  const trial = await chain.api.apis.ContractsApi.instantiate(
    address, 0n, undefined, undefined, Enum('Upload', code), data, salt, BEST,
  );
  if (!trial.result.success) throw new Error(t.access.noAnswer);
  const contract = trial.result.value.account_id;
  const deposit = trial.storage_deposit.type === 'Charge' ? withRoom(trial.storage_deposit.value) : 0n;
  const gas = trial.gas_required;
  const deploy = chain.api.tx.Contracts.instantiate_with_code({
    value: 0n,
    gas_limit: { ref_time: withRoom(gas.ref_time), proof_size: withRoom(gas.proof_size) },
    storage_deposit_limit: deposit,
    code, data, salt,
  });
  const choose = chain.api.tx.Emr.set_policy({ policy: contract });
  await submit(session.payer, {
    title: t.access.deployTitle,
    lines: t.access.deployLines,
    call: 'Utility.batch_all',
    transaction: chain.api.tx.Utility.batch_all({ calls: [deploy.decodedCall, choose.decodedCall] as never }),
    held: deposit,
    back: t.tx.backOfPolicy,
  });
}

