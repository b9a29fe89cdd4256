// Who is signed in, with which key. Everything secret is in here, and gone after `logOut`.
import type { Secret } from '../core';
import { core } from '../core';
import { publicKey } from '../chain/accounts';
import { BEST, chain, toHex } from '../chain/client.svelte';
import type { Payer } from '../chain/submit.svelte';
import { find, keep, type Vault } from './vault';
import type { WalletAccount } from './wallets';

const REMEMBERED = 'medchain.account';

/** Which account of which wallet was used last. */
interface Remembered { wallet: string; address: string }

class Session {
  account = $state<WalletAccount | null>(null);
  wallet = $state('');
  /** The key in this browser, which may be locked. */
  vault = $state<Vault | null>(null);
  /** Whether the key is open. */
  isOpen = $state(false);
  /** The key that the chain has for the account, in hexadecimal. */
  published = $state<string | null>(null);
  /** Whether the account is registered as a patient. */
  isPatient = $state(false);
  #secret: Secret | null = null;

  /** Chooses an account of a wallet. */
  async choose(wallet: string, account: WalletAccount): Promise<void> {
    this.logOut();
    this.vault = (await find(await this.#id(account.address))) ?? null;
    this.account = account;
    this.wallet = wallet;
    localStorage.setItem(REMEMBERED, JSON.stringify({ wallet, address: account.address } satisfies Remembered));
    await this.refresh();
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
    const secret = Secret.generate();
    await this.#adopt(secret, secret.toKeyFile(passphrase, this.#name), false);
  }

  /** Opens a backup, or a key file of the command line or a wallet, and keeps it in this browser. */
  async restore(text: string, passphrase: string): Promise<void> {
    const { Secret, isEncrypted } = await core();
    const secret = Secret.fromKeyFile(text, passphrase);
    const file = isEncrypted(text) ? text : secret.toKeyFile(passphrase, this.#name);
    await this.#adopt(secret, file, true);
  }

  /** Opens the key of this browser. */
  async unlock(passphrase: string): Promise<void> {
    if (!this.vault) return;
    const { Secret } = await core();
    this.#secret?.free();
    this.#secret = Secret.fromKeyFile(this.vault.file, passphrase);
    this.isOpen = true;
  }

  /** Notes that the user keeps the backup file. */
  async confirmBackup(): Promise<void> {
    if (!this.vault) return;
    const vault: Vault = { ...$state.snapshot(this.vault) as Vault, backedUp: true };
    await keep(vault);
    this.vault = vault;
  }

  /** Wipes the key from memory, and forgets the account until it is chosen again. */
  logOut(): void {
    this.#secret?.free();
    this.#secret = null;
    this.isOpen = false;
    this.account = null;
    this.vault = null;
    this.published = null;
    this.isPatient = false;
  }

  /** The open key. */
  get secret(): Secret {
    if (!this.#secret) throw new Error('your key is locked: unlock it on the page “Sign in”');
    return this.#secret;
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
    if (!account) throw new Error('choose an account on the page “Sign in”');
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

  /** Keeps a key under the account that is chosen. */
  async #adopt(secret: Secret, file: string, backedUp: boolean): Promise<void> {
    const account = this.account;
    if (!account) throw new Error('choose an account first');
    const id = await this.#id(account.address);
    const vault: Vault = { id, public: toHex(secret.public), file, backedUp };
    await keep(vault);
    this.#secret?.free();
    this.#secret = secret;
    this.vault = vault;
    this.isOpen = true;
  }

  /** What a key file is called in wallets and by people. */
  get #name(): string {
    return `MedChain key of ${this.account?.address ?? ''}`;
  }

  async #id(address: string): Promise<string> {
    return `${toHex(await chain.genesis)}/${toHex(publicKey(address))}`;
  }
}

export const session = new Session();
