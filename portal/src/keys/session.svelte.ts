// Who is signed in, with which key. Everything secret is in here, and gone after `logOut`.
import { getPolkadotSigner } from 'polkadot-api/signer';

import type { Secret } from '../core';
import { core } from '../core';
import { addressOf, publicKey } from '../chain/accounts';
import { BEST, chain, toHex } from '../chain/client.svelte';
import { i18n } from '../i18n/index.svelte';
import type { Payer } from '../chain/submit.svelte';
import { create as createPasskey, discard, openerOf, type Passkey } from './passkey';
import { alone, find, findFormer, forgetFormer, keep, keepFormer, type Vault } from './vault';
import type { WalletAccount } from './wallets';

const REMEMBERED = 'medchain.account';

/** What stands for a wallet where an account signs with its key file. */
const KEY_FILE = '';

/** What a key file is called in wallets and by people. */
const nameOf = (address: string): string => `MedChain key of ${address}`;

/** Which account of which wallet was used last. */
interface Remembered { wallet: string; address: string }

class Session {
  account = $state<WalletAccount | null>(null);
  wallet = $state('');
  /** The key in this browser, which may be locked. */
  vault = $state<Vault | null>(null);
  /** Keys that the account had before, which open what was sealed to them. */
  former = $state.raw<Vault[]>([]);
  /** The public keys of what is open, in hexadecimal. */
  opened = $state.raw<string[]>([]);
  /** Whether the key is open. */
  isOpen = $state(false);
  /** The key that the chain has for the account, in hexadecimal. */
  published = $state<string | null>(null);
  /** Whether the account is registered as a patient. */
  isPatient = $state(false);
  /** Told when the user has logged out, here or in another tab: what is on the screen goes as well. */
  onLoggedOut: () => void = () => undefined;
  /** What is open, by its public key. */
  #secrets = new Map<string, Secret>();
  /** Grows whenever who is signed in changes. */
  #choice = 0;
  /** The other tabs of this browser. */
  readonly #tabs = new BroadcastChannel('medchain.session');

  constructor() {
    this.#tabs.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (this.account && data === this.account.address) this.#leave();
    };
  }

  /** Chooses an account of a wallet. */
  async choose(wallet: string, account: WalletAccount): Promise<void> {
    this.#forget();
    const mine = this.#choice;
    const id = await this.#id(account.address);
    const [vault, former] = await Promise.all([find(id), findFormer(id)]);
    // Another one was chosen meanwhile.
    if (mine !== this.#choice) return;
    this.vault = vault ?? null;
    this.former = former;
    this.account = account;
    this.wallet = wallet;
    localStorage.setItem(REMEMBERED, JSON.stringify({ wallet, address: account.address } satisfies Remembered));
    await this.refresh();
  }

  /** Signs in with an account's key file, which then signs instead of a wallet. */
  async arrive(text: string, passphrase: string): Promise<void> {
    const { Secret, isEncrypted } = await core();
    await this.#taking(Secret.fromKeyFile(text, passphrase), async (secret) => {
      const address = addressOf(secret.account);
      // The backup of a key that this page made is of an account that nobody has anything of.
      if (isBackupOf(text, address)) throw new Error(i18n.t.signIn.notAnAccount);
      const file = isEncrypted(text) ? text : secret.toKeyFile(passphrase, nameOf(address));
      await this.choose(KEY_FILE, this.#fileAccount(address));
      if (this.account?.address === address) await this.#adopt(secret, file, true);
    });
  }

  /** Chooses again the account of a key file, which this browser has kept, locked. */
  async comeBack(): Promise<void> {
    const last = this.remembered();
    if (last?.wallet === KEY_FILE && !this.account) await this.choose(KEY_FILE, this.#fileAccount(last.address));
  }

  /** Whether the account signs with its key file, without a wallet. */
  get isFile(): boolean {
    return this.account !== null && this.wallet === KEY_FILE;
  }

  remembered(): Remembered | null {
    try {
      return JSON.parse(localStorage.getItem(REMEMBERED) ?? 'null') as Remembered | null;
    } catch {
      return null;
    }
  }

  /** Reads again what the chain knows of the account. */
  async refresh(): Promise<void> {
    const address = this.account?.address;
    if (!address) return;
    const [published, patient] = await Promise.all([
      chain.api.query.Emr.EncryptionKeys.getValue(address, BEST),
      chain.api.query.Emr.Patients.getValue(address, BEST),
    ]);
    if (this.account?.address !== address) return;
    this.published = published ?? null;
    this.isPatient = patient !== undefined;
  }

  /** Makes a new key. */
  async create(passphrase: string): Promise<void> {
    const { Secret } = await core();
    await this.#taking(Secret.generate(), async (secret) => {
      await this.#adopt(secret, secret.toKeyFile(passphrase, nameOf(this.payer.address)), false);
    });
  }

  /** Opens a backup, or a key file of the command line or a wallet, and keeps it in this browser. */
  async restore(text: string, passphrase: string): Promise<void> {
    const { Secret, isEncrypted } = await core();
    await this.#taking(Secret.fromKeyFile(text, passphrase), async (secret) => {
      const file = isEncrypted(text) ? text : secret.toKeyFile(passphrase, nameOf(this.payer.address));
      await this.#adopt(secret, file, true);
    });
  }

  /** Opens the key of this browser, and those before it that have the same passphrase. */
  async unlock(passphrase: string): Promise<void> {
    const { Secret } = await core();
    // The user may have logged out meanwhile.
    if (!this.vault) return;
    this.#hold(Secret.fromKeyFile(this.vault.file, passphrase));
    this.isOpen = true;
    await this.unlockFormer(passphrase).catch(() => undefined);
  }

  /** Opens the former keys that have this passphrase; fails where none has. */
  async unlockFormer(passphrase: string): Promise<void> {
    const { Secret } = await core();
    let failure: unknown;
    let opens = false;
    for (const { public: key, file } of this.former) {
      if (this.opened.includes(key)) continue;
      try {
        this.#hold(Secret.fromKeyFile(file, passphrase));
        opens = true;
      } catch (error) {
        failure = error;
      }
    }
    if (!opens && failure) throw failure;
  }

  /** Adds a passkey, which opens the key as the passphrase does. */
  async addPasskey(): Promise<void> {
    const vault = this.vault;
    if (!vault || !this.isOpen) return;
    const made = await createPasskey(nameOf(this.payer.address));
    try {
      // It is used once before it is kept: not all that say so compute a secret.
      const opener = await openerOf(made, aboutOf(vault));
      if (this.vault !== vault) throw new Error(i18n.t.passkey.away);
      const passkey: Passkey = { ...made, file: this.secret.toKeyFile(opener, nameOf(this.payer.address)) };
      await this.#change((kept) => ({ ...kept, passkey }));
    } catch (error) {
      discard(made.credential);
      throw error;
    }
  }

  /** Opens the key with its passkey alone. */
  async unlockWithPasskey(): Promise<void> {
    const { Secret } = await core();
    const vault = this.vault;
    if (!vault?.passkey) return;
    const opener = await openerOf(vault.passkey, aboutOf(vault));
    // The user may have logged out meanwhile.
    if (this.vault !== vault) return;
    let secret: Secret;
    try {
      secret = Secret.fromKeyFile(vault.passkey.file, opener);
    } catch {
      throw new Error(i18n.t.passkey.other);
    }
    this.#hold(secret);
    this.isOpen = true;
  }

  /** Forgets the passkey; the passphrase opens the key as before. */
  async removePasskey(): Promise<void> {
    const credential = this.vault?.passkey?.credential;
    await this.#change(({ passkey: _gone, ...kept }) => kept);
    if (credential !== undefined) discard(credential);
  }

  /** Notes that the user keeps the backup file. */
  async confirmBackup(): Promise<void> {
    await this.#change((kept) => ({ ...kept, backedUp: true }));
  }

  /** Wipes the key from memory, in every tab of this browser, and forgets the account until it is chosen again. */
  logOut(): void {
    if (this.account) this.#tabs.postMessage(this.account.address);
    this.#leave();
  }

  #leave(): void {
    this.#forget();
    this.onLoggedOut();
  }

  #forget(): void {
    this.#choice += 1;
    // Who has a wallet finds the account there; nobody else is told whose key file was here.
    if (this.isFile) localStorage.removeItem(REMEMBERED);
    for (const secret of this.#secrets.values()) secret.free();
    this.#secrets.clear();
    this.opened = [];
    this.isOpen = false;
    this.account = null;
    this.vault = null;
    this.former = [];
    this.published = null;
    this.isPatient = false;
  }

  /** The open key. */
  get secret(): Secret {
    const secret = this.#secrets.get(this.vault?.public ?? '');
    if (!secret) throw new Error(i18n.t.problems.locked);
    return secret;
  }

  /** What the account's own key opens, or else a former one that is open. */
  open<T>(open: (secret: Secret) => T): T {
    const own = this.secret;
    try {
      return open(own);
    } catch (error) {
      for (const former of this.#secrets.values()) {
        if (former === own) continue;
        try {
          return open(former);
        } catch {
          // The next one may.
        }
      }
      throw error;
    }
  }

  /** Whether this browser has a key of the account, open or locked. */
  has(key: string): boolean {
    return this.vault?.public === key || this.former.some((one) => one.public === key);
  }

  /** Whether the open key is the one that others seal to. */
  get isPublished(): boolean {
    return this.vault !== null && this.published === this.vault.public;
  }

  /** The name of the account on this chain, which what the browser keeps for it begins with. */
  get id(): Promise<string> {
    return this.#id(this.payer.address);
  }

  /** The public key of the account. */
  get publicKey(): Uint8Array {
    return publicKey(this.payer.address);
  }

  /** The account as whoever signs. */
  get payer(): Payer {
    const account = this.account;
    if (!account) throw new Error(i18n.t.problems.noAccount);
    return {
      address: account.address,
      signer: account.signer,
      spendable: async () => {
        const [{ data }, least] = await Promise.all([
          chain.api.query.System.Account.getValue(account.address, BEST),
          chain.api.constants.Balances.ExistentialDeposit(),
        ]);
        const locked = data.frozen > data.reserved ? data.frozen - data.reserved : 0n;
        const kept = locked > least ? locked : least;
        return data.free > kept ? data.free - kept : 0n;
      },
    };
  }

  /** Does something with a secret, which is wiped unless it is held then. */
  async #taking(secret: Secret, work: (secret: Secret) => Promise<void>): Promise<void> {
    try {
      await work(secret);
    } finally {
      if (![...this.#secrets.values()].includes(secret)) secret.free();
    }
  }

  /** Changes something about the account's own key, as the browser keeps it now. */
  async #change(edit: (kept: Vault) => Vault): Promise<void> {
    const before = this.vault;
    if (!before) return;
    const { id, public: key } = before;
    const changed = await alone(id, async () => {
      const kept = await find(id);
      // Another tab may have put another key in its place.
      if (kept?.public !== key) throw new Error(i18n.t.passkey.away);
      const next = edit(kept);
      await keep(next);
      return next;
    });
    // The user may have logged out meanwhile.
    if (this.vault === before) this.vault = changed;
  }

  /** Keeps a secret in memory until the user logs out. */
  #hold(secret: Secret): void {
    const key = toHex(secret.public);
    this.#secrets.get(key)?.free();
    this.#secrets.set(key, secret);
    this.opened = [...this.#secrets.keys()];
  }

  /**
   * Keeps a key under the account that is chosen. No key is lost to another: what is published
   * stays the account's own, and whatever is not its own is kept beside it.
   */
  async #adopt(secret: Secret, file: string, backedUp: boolean): Promise<void> {
    const account = this.account;
    if (!account) throw new Error(i18n.t.problems.noAccount);
    const id = await this.#id(account.address);
    const vault: Vault = { id, public: toHex(secret.public), file, backedUp };
    const own = await alone(id, async () => {
      // As it is now: another tab may have kept a key since.
      const current = await find(id);
      if (!current || current.public === vault.public) {
        // The same key with another passphrase keeps its passkey.
        if (current?.passkey) vault.passkey = current.passkey;
      } else if (this.published === current.public) {
        await keepFormer(id, vault);
        return current;
      } else {
        // The one before is kept first: whatever fails then, both are there.
        await keepFormer(id, current);
      }
      await keep(vault);
      await forgetFormer(id, vault.public);
      return vault;
    });
    const former = await findFormer(id);
    // The user may have logged out meanwhile.
    if (this.account !== account) return;
    this.former = former;
    this.#hold(secret);
    this.vault = own;
    this.isOpen = this.#secrets.has(own.public);
  }

  /** An account that signs with whatever of its key files is open then. */
  #fileAccount(address: string): WalletAccount {
    const account = publicKey(address);
    const signer = getPolkadotSigner(account, 'Sr25519', (payload) => {
      const own = [...this.#secrets.values()].find((secret) => toHex(secret.account) === toHex(account));
      if (!own) throw new Error(i18n.t.signIn.fileLocked);
      return own.sign(payload);
    });
    return { address, name: '', signer };
  }

  async #id(address: string): Promise<string> {
    return `${toHex(await chain.genesis)}/${toHex(publicKey(address))}`;
  }
}

/** What names a key of an account on this chain, for its passkey. */
const aboutOf = ({ id, public: key }: Vault): string => `${id}/${key}`;

/** Whether a file is the backup of a key that this page made for another account than the file's. */
function isBackupOf(text: string, address: string): boolean {
  try {
    const { meta } = JSON.parse(text) as { meta?: { name?: unknown } };
    const name = meta?.name;
    return typeof name === 'string' && name.startsWith(nameOf('')) && name !== nameOf(address);
  } catch {
    // A seed is not JSON.
    return false;
  }
}

export const session = new Session();
