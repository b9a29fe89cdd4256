// Keys of others that this browser has sealed to, as `known_keys` of the command line has them: a
// node that tells another one may want to read what is meant for its owner.
import { publicKey } from '../chain/accounts';
import { BEST, chain, toHex } from '../chain/client.svelte';
import { NotSigned } from '../chain/submit.svelte';
import { i18n } from '../i18n/index.svelte';
import { all, find, keep } from '../keys/database';
import { session } from '../keys/session.svelte';

/** A reader's key, or a custodian's. */
type Kind = 'encryption' | 'custodian';

/** The first key of an account, or the one that the user said is theirs. */
interface Known {
  /** The chain's first block, the account, and what the key is for. */
  id: string;
  /** In hexadecimal. */
  key: string;
}

/** A key that is another than before, until the user has decided. */
export interface Change { account: string; known: string; told: string; answer: (yes: boolean) => void }

/** What the user is asked. */
export const changed = $state<{ key: Change | null }>({ key: null });

/** One comparison after the other: a second question must not take the place of the first. */
let last: Promise<unknown> = Promise.resolve();

/** Compares a key that the node tells with the one before, and remembers it. */
export function ensureKnown(kind: Kind, account: string, told: string): Promise<void> {
  const mine = last.then(() => compare(kind, account, told));
  last = mine.catch(() => undefined);
  return mine;
}

async function compare(kind: Kind, account: string, told: string): Promise<void> {
  const name = `/${toHex(publicKey(account))}/${kind}`;
  const id = `${toHex(await chain.genesis)}${name}`;
  const here = await find<Known>('known', id);
  if (here?.key === told) return;
  const before = here ? [here.key] : await everywhere(name);
  const known = before.includes(told) ? undefined : before[0];
  // Nothing was sealed, stored or sent.
  if (known !== undefined && !await ask({ account, known, told })) throw new NotSigned();
  const entry: Known = { id, key: told };
  await keep('known', entry);
}

/**
 * The keys that an account has on the chains that this browser knows. The genesis hash is the node's word too, and one
 * that nobody has heard of would make each false key a first one.
 */
async function everywhere(name: string): Promise<string[]> {
  const entries = await all<Known>('known', '');
  return entries.filter(({ id }) => id.endsWith(name)).map(({ key }) => key);
}

function ask(change: Omit<Change, 'answer'>): Promise<boolean> {
  return new Promise((resolve) => {
    changed.key = {
      ...change,
      answer: (yes) => {
        changed.key = null;
        resolve(yes);
      },
    };
  });
}

/** The key to seal to for an account; without one, nothing can be. It stops where it is another than before. */
export async function encryptionKeyOf(account: string): Promise<string | undefined> {
  const told = await chain.api.query.Emr.EncryptionKeys.getValue(account, BEST);
  if (told === undefined) return undefined;
  if (toHex(publicKey(account)) !== toHex(session.publicKey)) await ensureKnown('encryption', account, told);
  // What is one's own is sealed to nothing that is not here.
  else if (!session.has(told)) throw new Error(i18n.t.signIn.other);
  return told;
}
