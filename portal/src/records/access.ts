// Who may do what: asked of the chain, which asks the patient's policy contract.
import type { Transaction, TxCallData } from 'polkadot-api';
import { Enum } from 'polkadot-api';

import { publicKey } from '../chain/accounts';
import { BEST, chain } from '../chain/client.svelte';
import { decodeEnvelope } from '../chain/envelope';
import { submit } from '../chain/submit.svelte';
import { core, type Key } from '../core';
import { session } from '../keys/session.svelte';
import { i18n } from '../i18n/index.svelte';
import { denialOf, type Denial } from './denial';
import { keyOf } from './open';
import { readersOf, recordIdsOf, recordsOf, type Record } from './read';

export const ACTIONS = ['View', 'Append', 'Amend', 'Share', 'Infer', 'Emergency'] as const;
export type Action = (typeof ACTIONS)[number];
export const PURPOSES = ['Treatment', 'SecondOpinion', 'Research', 'Billing', 'Other'] as const;
export type Purpose = (typeof PURPOSES)[number];

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

/** What a patient granted to an account. */
export interface Granted { actions: Action[]; purposes: Purpose[] | null; until: number | undefined; revoked: boolean }

const members = <T>(bits: number, all: readonly T[]): T[] => all.filter((_, index) => (bits >> index) & 1);
const bitsOf = <T>(chosen: readonly T[], all: readonly T[]): number =>
  all.reduce((bits, one, index) => (chosen.includes(one) ? bits | (1 << index) : bits), 0);

/** The grant of a patient to an account, as the reference policy has it. */
export async function grantOf(policy: string, patient: string, grantee: string): Promise<Granted | null> {
  const { policyGrantOf, Grant } = await core();
  const data = policyGrantOf(publicKey(patient), publicKey(grantee));
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

/** Accounts that were granted something here: the contract has no list of them. */
function remembered(patient: string): string[] {
  try {
    const all = JSON.parse(localStorage.getItem(REMEMBERED) ?? '{}') as { [patient: string]: string[] };
    return all[patient] ?? [];
  } catch {
    return [];
  }
}

function remember(patient: string, account: string): void {
  const all = new Set([...remembered(patient), account]);
  localStorage.setItem(REMEMBERED, JSON.stringify({ [patient]: [...all] }));
}

/** Every account that can do something with a patient's records. */
export async function rows(patient: string): Promise<Row[]> {
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
  const newest = ids.slice(0, 100);
  const readers = await Promise.all(newest.map(readersOf));
  newest.forEach((id, index) => {
    for (const reader of readers[index] ?? []) entry(reader).envelopes.push(id);
  });
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
  return all.filter(({ allowed, envelopes, granted }) => allowed.length + envelopes.length > 0 || granted !== null);
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

/** A published key; without one, nothing can be sealed to an account. */
export async function encryptionKeyOf(account: string): Promise<string | undefined> {
  return chain.api.query.Emr.EncryptionKeys.getValue(account, BEST);
}

/** Seals a record's key to a reader. */
export async function seal(key: Key, record: Pick<Record, 'patient' | 'cid'>, reader: string, published: string): Promise<ReturnType<typeof decodeEnvelope>> {
  const { Name } = await core();
  const name = new Name(await chain.genesis, publicKey(record.patient), record.cid, publicKey(reader));
  try {
    const bytes = (published.slice(2).match(/../g) ?? []).map((pair) => parseInt(pair, 16));
    return decodeEnvelope(key.seal(Uint8Array.from(bytes), name));
  } finally {
    name.free();
  }
}

/** The records whose key an account does not have yet, and those that have it. */
async function splitRecords(patient: string, reader: string): Promise<{ lacking: Record[]; having: bigint[] }> {
  const all = await recordsOf(await recordIdsOf(patient), 0, 200);
  const active = all.filter(({ status }) => status === 'Active');
  const has = await chain.api.query.Emr.Envelopes.getValues(
    all.map(({ id }) => [id, reader] as [bigint, string]), BEST,
  );
  const having = all.filter((_, index) => has[index]).map(({ id }) => id);
  return { lacking: active.filter(({ id }) => !having.includes(id)), having };
}

/** What is granted. */
export interface GrantOrder { account: string; actions: Action[]; purposes: Purpose[] | null; until: number | undefined; share: boolean }

/** Grants, and gives the keys of the records so far, in one transaction. */
export async function grant({ account, actions, purposes, until, share }: GrantOrder): Promise<void> {
  const { t } = i18n;
  const { address } = session.payer;
  const policy = await policyOrFail();
  const { policyGrant } = await core();
  const data = policyGrant(publicKey(account), bitsOf(actions, ACTIONS), purposes ? bitsOf(purposes, PURPOSES) : undefined, until);
  const call = await callOf(policy, data);
  const calls = [call.data];
  let held = call.held;
  let shared = 0;
  if (share) {
    const published = await encryptionKeyOf(account);
    if (!published) throw new Error(t.access.noKeyOf);
    const deposit = await chain.api.constants.Emr.EnvelopeDeposit();
    for (const record of (await splitRecords(address, account)).lacking) {
      const key = await keyOf(record);
      try {
        const sealed_key = await seal(key, record, account, published);
        calls.push(chain.api.tx.Emr.share_record({ record: record.id, reader: account, sealed_key }).decodedCall);
      } finally {
        key.free();
      }
      held += deposit;
      shared += 1;
    }
  }
  await submit(session.payer, {
    title: t.access.grantTitle,
    lines: t.access.grantLines(account, actions.map((one) => t.actions[one]), until, shared),
    call: calls.length === 1 ? 'Contracts.call' : 'Utility.batch_all',
    transaction: calls.length === 1 ? call.transaction : chain.api.tx.Utility.batch_all({ calls: calls as never }),
    held,
  });
  remember(address, account);
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

/** Revokes a grant, and removes the keys that the account has. */
export async function revoke(account: string): Promise<void> {
  const { t } = i18n;
  const { address } = session.payer;
  const { having } = await splitRecords(address, account);
  const calls: TxCallData[] = [];
  const policy = await policyOf(address);
  const granted = policy ? await grantOf(policy, address, account) : null;
  if (policy && granted && !granted.revoked) {
    const { policyRevoke } = await core();
    calls.push((await callOf(policy, policyRevoke(publicKey(account)))).data);
  }
  for (const record of having) {
    calls.push(chain.api.tx.Emr.remove_envelope({ record, reader: account }).decodedCall);
  }
  if (calls.length === 0) throw new Error(t.access.nothingToRevoke);
  await submit(session.payer, {
    title: t.access.revokeTitle,
    lines: t.access.revokeLines(account, having.length),
    call: 'Utility.batch_all',
    transaction: chain.api.tx.Utility.batch_all({ calls: calls as never }),
  });
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
  });
}

