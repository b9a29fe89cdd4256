// The chain's types as the node's own metadata has them: for past blocks, whose runtime may be
// another than the one that the descriptors are for.
import { chain } from './client.svelte';

/** A value of an enum. */
export interface Variant { type: string; value: unknown }

/** An event of a block. */
export interface Happened {
  phase: Variant;
  /** The pallet, and in it the event with its fields. */
  event: { type: string; value: Variant };
  /** What it is indexed by, in hexadecimal digits. */
  topics: string[];
}

/** The types of one runtime. */
export interface Types {
  /** The key of a storage item, and how its value is read. */
  storage: (pallet: string, item: string) => { key: (...args: unknown[]) => string; read: (stored: string) => unknown };
  /** Reads the events of a block. */
  events: (stored: string) => Happened[];
  /** An event as the chain encodes it: the whole, and its fields by their names. */
  encoded: (event: Happened['event']) => { bytes: Uint8Array; fields: [string, Uint8Array][] };
}

const known = new Map<number, Promise<Types>>();

/** The types of the runtime in the state after a block: it executes the next one. */
export async function typesAfter(hash: string): Promise<Types> {
  const { specVersion } = await chain.client._request<{ specVersion: number }>('state_getRuntimeVersion', [hash]);
  let types = known.get(specVersion);
  if (!types) {
    types = makeTypes(hash);
    known.set(specVersion, types);
    // The next one may be luckier.
    types.catch(() => known.delete(specVersion));
  }
  return types;
}

async function makeTypes(hash: string): Promise<Types> {
  const [{ decAnyMetadata, unifyMetadata }, { getDynamicBuilder, getLookupFn }] = await Promise.all([
    import('@polkadot-api/substrate-bindings'), import('@polkadot-api/metadata-builders'),
  ]);
  const encoded = await chain.client._request<string>('state_getMetadata', [hash]);
  const metadata = unifyMetadata(decAnyMetadata(encoded as `0x${string}`));
  const lookup = getLookupFn(metadata);
  const builder = getDynamicBuilder(lookup);
  const events = builder.buildStorage('System', 'Events');
  return {
    storage: (pallet, item) => {
      const { keys, value } = builder.buildStorage(pallet, item);
      return { key: (...args) => keys.enc(...args), read: (stored) => value.dec(stored) as unknown };
    },
    events: (stored) => events.value.dec(stored) as Happened[],
    encoded: ({ type, value: { type: name, value } }) => {
      const pallet = metadata.pallets.find((one) => one.name === type);
      if (!pallet?.events) throw new Error(`${type}.${name} is no event`);
      const all = lookup(pallet.events.type);
      const variant = all.type === 'enum' ? all.value[name] : undefined;
      const named: [string, { id: number }][] = variant?.type === 'struct' ? Object.entries(variant.value) : [];
      const inner = builder.buildDefinition(all.id).enc({ type: name, value });
      return {
        bytes: Uint8Array.from([pallet.index, ...inner]),
        fields: named.map(([field, { id }]): [string, Uint8Array] => [field, builder.buildDefinition(id).enc((value as Record<string, unknown>)[field])]),
      };
    },
  };
}

/** The hash of a block. */
export const hashOf = (block: number): Promise<string> => chain.client._request<string>('chain_getBlockHash', [block]);

/** A value of the state after a block, encoded; nothing where there is none. */
export const storedAt = (key: string, hash: string): Promise<string | null> =>
  chain.client._request<string | null>('state_getStorage', [key, hash]);
