// How the block authors are: who made the last blocks, how old the newest is, and what the node
// says of itself.
import { addressOf } from '../chain/accounts';
import { BEST, chain, fromHex } from '../chain/client.svelte';

/** As many of the last blocks are looked at. */
const LOOKED_AT = 20;

/** What a header's digest begins with where it has the slot: before the runtime, of Aura, 8 bytes. */
const SLOT = '0x066175726120';

/** What is said of the block authors. */
export interface Health {
  /** Each authority with how many of the last blocks it made, and how many these are. */
  authors: { account: string; made: number }[];
  blocks: number;
  /** How old the newest block is, in milliseconds. */
  age: number;
  peers: number;
  isSyncing: boolean;
}

interface Header { parentHash: string; number: string; digest: { logs: string[] } }

/** The slot in which a block was made; nothing where it does not say. */
function slotOf(logs: string[]): bigint | null {
  const log = logs.find((one) => one.startsWith(SLOT));
  const bytes = log ? fromHex(`0x${log.slice(SLOT.length)}`) : null;
  return bytes?.length === 8 ? new DataView(bytes.buffer).getBigUint64(0, true) : null;
}

/** An author's key, written as an account. */
const accountOf = (key: unknown): string => addressOf(key instanceof Uint8Array ? key : fromHex(String(key)));

/** How the chain is made at the moment. */
export async function health(): Promise<Health> {
  const [authorities, now, node] = await Promise.all([
    chain.api.query.Aura.Authorities.getValue(BEST),
    chain.api.query.Timestamp.Now.getValue(BEST),
    chain.client._request<{ peers: number; isSyncing: boolean }>('system_health', []),
  ]);
  const made = authorities.map(() => 0);
  let blocks = 0;
  const [best] = await chain.client.getBestBlocks();
  for (let hash: string | undefined = best?.hash; hash && blocks < LOOKED_AT;) {
    const header: Header | null = await chain.client._request<Header | null>('chain_getHeader', [hash]);
    if (!header || Number(header.number) === 0) break;
    const slot = slotOf(header.digest.logs);
    // Aura: the authorities take turns.
    const turn = slot === null || authorities.length === 0 ? -1 : Number(slot % BigInt(authorities.length));
    if (turn >= 0) made[turn] = (made[turn] ?? 0) + 1;
    blocks += 1;
    hash = header.parentHash;
  }
  return {
    authors: authorities.map((key, index) => ({ account: accountOf(key), made: made[index] ?? 0 })),
    blocks, age: Math.max(0, Date.now() - Number(now)), peers: node.peers, isSyncing: node.isSyncing,
  };
}
