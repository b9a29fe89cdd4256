// Encryption keys in this browser's database, as the files that wallets and the command line have
// too. What is there opens with a passphrase alone.

const DATABASE = 'medchain';
const VAULTS = 'vaults';

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

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(VAULTS, { keyPath: 'id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error('this browser does not let the page keep a key'));
  });
}

async function run<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(VAULTS, mode);
      const request = ask(transaction.objectStore(VAULTS));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(new Error('this browser did not keep the key'));
    });
  } finally {
    database.close();
  }
}

/** The key of an account, if this browser has it. */
export function find(id: string): Promise<Vault | undefined> {
  return run('readonly', (store) => store.get(id) as IDBRequest<Vault | undefined>);
}

/** Keeps a key. */
export async function keep(vault: Vault): Promise<void> {
  await run('readwrite', (store) => store.put(vault));
}
