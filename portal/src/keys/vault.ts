// Encryption keys in this browser's database, as the files that wallets and the command line have
// too. What is there opens with a passphrase, or with a passkey that was added beside it.
import * as database from './database';
import type { Passkey } from './passkey';

/** A key of an account. */
export interface Vault {
  /** The chain's first block and the account; of a former key, the public key as well. */
  id: string;
  /** The public key, in hexadecimal. */
  public: string;
  /** The key file: the account JSON of wallets, which opens with a passphrase. */
  file: string;
  /** Whether the user said that the backup file is kept. */
  backedUp: boolean;
  /** What opens the same key without the passphrase. */
  passkey?: Passkey;
}

/** The key of an account, if this browser has it. */
export const find = (id: string): Promise<Vault | undefined> => database.find('vaults', id);

/** The keys that the account had before. */
export const findFormer = (id: string): Promise<Vault[]> => database.all('vaults', `${id}/`);

/** Keeps a key that is not the account's own any more, or not yet; a passkey opens the account's own alone. */
export const keepFormer = (id: string, { public: key, file, backedUp }: Vault): Promise<void> =>
  keep({ id: `${id}/${key}`, public: key, file, backedUp });

/** Forgets that a key is a former one. */
export const forgetFormer = (id: string, key: string): Promise<void> => database.forget('vaults', `${id}/${key}`);

/** Keeps a key. */
export const keep = (vault: Vault): Promise<void> => database.keep('vaults', vault);

/** Does something with the keys of an account that no other tab does at the same time. */
export const alone = <T>(id: string, work: () => Promise<T>): Promise<T> =>
  // The types of the library wrap the promise once more.
  navigator.locks.request(`medchain/vaults/${id}`, work) as unknown as Promise<T>;
