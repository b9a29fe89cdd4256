// Wallets by the `injectedWeb3` convention.
import {
  connectInjectedExtension, getInjectedExtensions, type InjectedExtension,
} from 'polkadot-api/pjs-signer';
import type { PolkadotSigner } from 'polkadot-api';

import { normal } from '../chain/accounts';

/** An account of a wallet. */
export interface WalletAccount { address: string; name: string; signer: PolkadotSigner }

/** The wallets in this browser. */
export function wallets(): string[] {
  return getInjectedExtensions();
}

let connected: InjectedExtension | undefined;

/** Asks a wallet for its accounts. */
export async function accountsOf(wallet: string): Promise<WalletAccount[]> {
  connected?.disconnect();
  connected = await connectInjectedExtension(wallet, 'MedChain');
  return connected.getAccounts()
    .filter(({ type }) => type !== 'ethereum' as string)
    .map(({ address, name, polkadotSigner }) => ({
      address: normal(address), name: name ?? '', signer: polkadotSigner,
    }));
}
