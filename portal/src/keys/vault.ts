// Encryption keys in this browser's database, as the files that wallets and the command line have
// too. What is there opens with a passphrase alone.
import * as database from './database';

/** The key of an account. */
export interface Vault {
  /** The chain's first block and the account. */
  id: string;
  /** The public key, in hexadecimal. */
  public: string;
  /** The key file: the account JSON of wallets, which opens with a passphrase. */
  file: string;
  /** Whether the user said that the backup file is kept. */
  backedUp: boolean;
}

/** The key of an account, if this browser has it. */
export const find = (id: string): Promise<Vault | undefined> => database.find('vaults', id);

/** Keeps a key. */
export const keep = (vault: Vault): Promise<void> => database.keep('vaults', vault);
