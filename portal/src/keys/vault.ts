// Locked encryption keys, in this browser's database. What is there opens with a passphrase alone.

const DATABASE = 'medchain';
const VAULTS = 'vaults';

/** A locked key of an account. */
export interface Vault {
  /** The chain's first block and the account. */
  id: string;
  /** The public key, in hexadecimal. */
  public: string;
  locked: Uint8Array;
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

/** The backup of a locked key, as text. */
export function backup(account: string, vault: Vault): string {
  const locked = btoa(String.fromCharCode(...vault.locked));
  return `${JSON.stringify({ medchain: 'key-backup', version: 1, account, public: vault.public, locked }, null, 2)}\n`;
}

/** The locked key in a backup; nothing where the text is something else. */
export function readBackup(text: string): Uint8Array | undefined {
  try {
    const { medchain, version, locked } = JSON.parse(text) as Record<string, unknown>;
    if (medchain !== 'key-backup' || version !== 1 || typeof locked !== 'string') return undefined;
    return Uint8Array.from(atob(locked), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}
