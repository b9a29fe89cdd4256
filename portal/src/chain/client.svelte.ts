// The connection to the node, through the server of this page.
import { createClient, type PolkadotClient, type TypedApi } from 'polkadot-api';
import { getWsProvider, WsEvent } from 'polkadot-api/ws';

import medchain from './descriptors/medchain';

export type Api = TypedApi<typeof medchain>;

/** What the page says of the connection. */
export type Link = 'connecting' | 'connected' | 'lost';

/** How long a node that is connected may send no block until the page says so, in seconds. */
const SILENCE = 30;

class Chain {
  /** Whether the node answers. */
  link = $state<Link>('connecting');
  /** Whether the node is connected and sends no blocks: without them, nothing on the page goes on. */
  isSilent = $state(false);
  /** Whether the chain's runtime is another than when the page was loaded. */
  isUpgraded = $state(false);
  /** The newest block and the last final one. */
  best = $state(0);
  final = $state(0);

  readonly client: PolkadotClient;
  readonly api: Api;
  /** The hash of the first block, which envelopes and verdicts are bound to. */
  readonly genesis: Promise<Uint8Array>;

  constructor() {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const provider = getWsProvider(`${scheme}://${location.host}/rpc`, {
      onStatusChanged: ({ type }) => {
        if (type === WsEvent.CONNECTED) {
          this.#quiet = 0;
          // The first time, it is once there is a block.
          this.link = this.best > 0 ? 'connected' : 'connecting';
        } else if (type !== WsEvent.CONNECTING || this.link !== 'connecting') this.link = 'lost';
      },
    });
    this.client = createClient(provider);
    this.api = this.client.getTypedApi(medchain);
    this.genesis = this.client.getChainSpecData().then(({ genesisHash }) => fromHex(genesisHash));
    // What fails here does not begin again by itself.
    const failed = () => { this.#isOver = true; };
    // Counted, and not measured: a machine that slept has waited for nothing.
    setInterval(() => {
      this.#quiet += 1;
      this.isSilent = this.#isOver || (this.link !== 'lost' && this.#quiet > SILENCE);
    }, 1000);
    this.client.bestBlocks$.subscribe({
      next: (blocks) => {
        this.link = 'connected';
        this.#quiet = 0;
        this.best = blocks[0]?.number ?? this.best;
        void this.watch();
      },
      error: failed,
    });
    this.client.finalizedBlock$.subscribe({ next: ({ number }) => { this.final = number; }, error: failed });
  }

  /** For how many seconds no block has come. */
  #quiet = 0;
  #isOver = false;
  #runtime: number | undefined;
  #asked = 0;

  /** Notices another runtime: what this page knows of calls and their costs may no longer hold. */
  async watch(isNow = false): Promise<void> {
    if (this.isUpgraded || (!isNow && Date.now() - this.#asked < 6000)) return;
    this.#asked = Date.now();
    try {
      const { specVersion } = await this.client._request<{ specVersion: number }>('state_getRuntimeVersion', []);
      this.#runtime ??= specVersion;
      this.isUpgraded = this.#runtime !== specVersion;
    } catch {
      // The connection says for itself that it is lost.
    }
  }
}

export const chain = new Chain();

/** Reads are made at the best block: what a transaction just did is there. */
export const BEST = { at: 'best' } as const;

/** The bytes of hexadecimal text. */
export function fromHex(text: string): Uint8Array {
  const digits = text.startsWith('0x') ? text.slice(2) : text;
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** Bytes as hexadecimal text. */
export function toHex(bytes: Uint8Array): `0x${string}` {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
