// Registering as a patient, and publishing an encryption key.
import { chain } from '../chain/client.svelte';
import { submit } from '../chain/submit.svelte';
import { formerlySealed } from './reseal';
import { session } from '../keys/session.svelte';
import { i18n } from '../i18n/index.svelte';

const own = (): `0x${string}` => (session.vault?.public ?? '') as `0x${string}`;

/** Registers whoever is signed in as a patient, with their key. */
export async function register(): Promise<void> {
  const { t } = i18n;
  await submit(session.payer, {
    title: t.signIn.registerTitle,
    lines: t.signIn.registerLines,
    call: 'Emr.register_patient',
    transaction: chain.api.tx.Emr.register_patient({ profile: undefined, encryption_key: own() }),
    held: await chain.api.constants.Emr.PatientDeposit(),
  });
  await session.refresh();
}

/** Publishes the key of whoever is signed in. */
export async function publish(): Promise<void> {
  const { t } = i18n;
  const replaces = session.published !== null;
  const holds = !replaces && !session.isPatient;
  await submit(session.payer, {
    title: t.signIn.publishTitle,
    lines: session.published !== null
      ? t.signIn.replaceLines((await formerlySealed(own())).length, session.has(session.published)) : t.signIn.publishLines,
    call: 'Emr.set_encryption_key',
    transaction: chain.api.tx.Emr.set_encryption_key({ key: own() }),
    held: holds ? await chain.api.constants.Emr.EncryptionKeyDeposit() : 0n,
  });
  await session.refresh();
}
