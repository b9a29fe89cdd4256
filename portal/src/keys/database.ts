// This browser's database. What is in it is encrypted, or public anyway.
import { i18n } from '../i18n/index.svelte';

const DATABASE = 'medchain';
/** What it keeps, each with the name of its key. */
const STORES = { vaults: 'id', replies: 'id', uploads: 'id', known: 'id' } as const;
type Store = keyof typeof STORES;

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 3);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) {
        if (!request.result.objectStoreNames.contains(name)) request.result.createObjectStore(name, { keyPath });
      }
    };
    request.onsuccess = () => {
      // A newer page in another tab may want to change it.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(new Error(i18n.t.problems.keepsNothing));
    request.onblocked = () => reject(new Error(i18n.t.problems.olderPage));
  });
}

async function run<T>(name: Store, mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      // On disk before the page goes on: what is begun is written down first.
      const transaction = database.transaction(name, mode, { durability: 'strict' });
      const request = ask(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(new Error(i18n.t.problems.notKept));
    });
  } finally {
    database.close();
  }
}

/** What is kept under a name. */
export const find = <T>(store: Store, id: string): Promise<T | undefined> =>
  run(store, 'readonly', (all) => all.get(id) as IDBRequest<T | undefined>);

/** All whose names begin with `prefix`. */
export const all = <T>(store: Store, prefix: string): Promise<T[]> =>
  run(store, 'readonly', (entries) => entries.getAll(IDBKeyRange.bound(prefix, `${prefix}\uffff`)) as IDBRequest<T[]>);

/** Keeps something, in the place of what has its name. */
export async function keep(store: Store, entry: { id: string }): Promise<void> {
  await run(store, 'readwrite', (entries) => entries.put(entry));
}

/** Forgets something. */
export async function forget(store: Store, id: string): Promise<void> {
  await run(store, 'readwrite', (entries) => entries.delete(id));
}
