// The patient's own profile, which only the patient can open.
import { chain, toHex } from '../chain/client.svelte';
import { BEST } from '../chain/client.svelte';
import { submit } from '../chain/submit.svelte';
import { session } from '../keys/session.svelte';
import { content, get, put } from '../store/blocks';
import { core } from '../core';
import { i18n } from '../i18n/index.svelte';

const MAX_STORED = 1100 * 1024;

/** What a patient says of themself. */
export interface Profile {
  name: string;
  /** `YYYY-MM-DD`, or nothing. */
  born: string;
  gender: string;
  /** When it was written. */
  updated: string;
}

const field = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 200) : '');

/** Reads one's own profile; nothing where there is none. */
export async function readProfile(): Promise<Profile | null> {
  const { address } = session.payer;
  const patient = await chain.api.query.Emr.Patients.getValue(address, BEST);
  if (!patient?.profile) return null;
  const { cid, digest: expected } = patient.profile;
  const stored = await get(new TextDecoder().decode(cid), MAX_STORED);
  const { digest } = await core();
  if (toHex(digest(stored)) !== expected) throw new Error(i18n.t.record.otherDigest);
  const genesis = await chain.genesis;
  const plain = session.open((secret) => secret.openProfile(genesis, session.publicKey, stored));
  const text = new TextDecoder().decode(plain);
  try {
    const { name, born, gender, updated } = JSON.parse(text) as { [key: string]: unknown };
    return { name: field(name), born: field(born), gender: field(gender), updated: field(updated) };
  } catch {
    // Another program's profile may be anything.
    return { name: field(text), born: '', gender: '', updated: '' };
  }
}

/** Encrypts, stores and registers the profile of a registered patient. */
export async function writeProfile(profile: Omit<Profile, 'updated'>): Promise<void> {
  const updated = new Date().toISOString().slice(0, 10);
  const plain = new TextEncoder().encode(JSON.stringify({ ...profile, updated }));
  const sealed = session.secret.sealProfile(await chain.genesis, session.publicKey, plain);
  const { cid, digest, bytes } = await content(sealed);
  const document = { cid: new TextEncoder().encode(cid), digest: toHex(digest) as `0x${string}` };
  const { t } = i18n;
  await submit(session.payer, {
    title: t.patient.saveTitle,
    lines: t.patient.saveLines,
    call: 'Emr.update_profile',
    transaction: chain.api.tx.Emr.update_profile({ profile: document }),
    before: () => put(bytes),
  });
}

/** Whole years from a date of birth to today. */
export function age(born: string): number | null {
  const [year, month, day] = born.split('-').map(Number);
  if (!year || !month || !day) return null;
  const today = new Date();
  const before = today.getMonth() + 1 < month || (today.getMonth() + 1 === month && today.getDate() < day);
  const years = today.getFullYear() - year - (before ? 1 : 0);
  return years >= 0 && years < 150 ? years : null;
}

