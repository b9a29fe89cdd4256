// Errors of the chain, in the words of its own documentation.
import { i18n } from '../i18n/index.svelte';
import { chain } from './client.svelte';

/** An error of a call: where it comes from and what it is called. */
export interface ChainFailure { pallet: string; name: string; docs: string }

interface Nested { type: string; value?: unknown }

const isNested = (value: unknown): value is Nested =>
  typeof value === 'object' && value !== null && typeof (value as Nested).type === 'string';

/** Looks up what a failed call means. */
export async function explain(error: unknown): Promise<ChainFailure> {
  if (!isNested(error)) return { pallet: 'System', name: String(error), docs: '' };
  if (error.type !== 'Module' || !isNested(error.value) || !isNested(error.value.value)) {
    const inner = isNested(error.value) ? `.${error.value.type}` : '';
    return { pallet: 'System', name: `${error.type}${inner}`, docs: '' };
  }
  const [pallet, name] = [error.value.type, error.value.value.type];
  return { pallet, name, docs: await docsOf(pallet, name) };
}

let errors: Promise<Map<string, string>> | undefined;

/** The documentation of an error, from the metadata of the node's own runtime. */
async function docsOf(pallet: string, name: string): Promise<string> {
  errors ??= readDocs();
  try {
    return (await errors).get(`${pallet}.${name}`) ?? '';
  } catch {
    errors = undefined;
    return '';
  }
}

async function readDocs(): Promise<Map<string, string>> {
  const { decAnyMetadata, unifyMetadata } = await import('@polkadot-api/substrate-bindings');
  const { hash } = await chain.client.getFinalizedBlock();
  const { pallets, lookup } = unifyMetadata(decAnyMetadata(await chain.client.getMetadata(hash)));
  const all = new Map<string, string>();
  for (const { name: pallet, errors: type } of pallets) {
    const def = type === undefined ? undefined : lookup[typeof type === 'number' ? type : type.type]?.def;
    if (def?.tag !== 'variant') continue;
    for (const { name, docs } of def.value) all.set(`${pallet}.${name}`, docs.join(' ').trim());
  }
  return all;
}

/** An error as a sentence. */
export function sentence(error: unknown): string {
  const text = inWords(error instanceof Error ? error.message : String(error));
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}

/** Before some errors of our Rust stands their kind, so that they are said in the user's language. */
function inWords(text: string): string {
  const found = /^\[([a-z-]+)\] (.+)$/s.exec(text);
  const [kind, said] = [found?.[1] ?? '', found?.[2] ?? ''];
  const kinds: { [kind: string]: ((said: string) => string) | undefined } = i18n.t.kinds;
  return Object.hasOwn(kinds, kind) ? kinds[kind]?.(said) ?? said : text;
}
