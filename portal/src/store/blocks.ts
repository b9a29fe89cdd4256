// Encrypted content, in the store behind /ipfs and back. Every block is verified here.
import { toHex } from '../chain/client.svelte';
import { core } from '../core';
import { i18n } from '../i18n/index.svelte';

/** How many blocks travel at once. */
const AT_ONCE = 4;

/** Why the store failed, in words that it may have said itself. */
export class StoreError extends Error {
  /** `status` is that of the server's answer, where there was one. */
  constructor(message: string, readonly status = 0) {
    super(message);
  }
}

async function ask(cid: string, init?: RequestInit, query = ''): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(`/ipfs/${cid}${query}`, init);
  } catch {
    throw new StoreError(i18n.t.problems.noServer);
  }
  if (!answer.ok) throw new StoreError(`block ${cid}: ${(await answer.text()).slice(0, 200) || answer.statusText}`, answer.status);
  return answer;
}

/** Content that has a CID and is not stored yet. */
export interface Content { cid: string; digest: Uint8Array; bytes: Uint8Array }

/** Computes the CID and the digest of encrypted bytes. */
export async function content(bytes: Uint8Array): Promise<Content> {
  const { Blocks, digest } = await core();
  const blocks = new Blocks(bytes);
  try {
    return { cid: blocks.root, digest: digest(bytes), bytes };
  } finally {
    blocks.free();
  }
}

/** The header that names who may have a block removed again, and then shows that it is they. */
const KEEPER = 'x-medchain-keeper';

/** A secret by which what is stored can be removed again. */
export const newKeeper = (): string => toHex(crypto.getRandomValues(new Uint8Array(32))).slice(2);

/**
 * Stores encrypted bytes. The root comes last, so that a tree with a root is complete. Whoever has
 * `keeper` can have them removed for a day.
 */
export async function put(bytes: Uint8Array, keeper?: string, progress?: (part: number) => void): Promise<void> {
  const { Blocks, digest } = await core();
  const blocks = new Blocks(bytes);
  const named: { [header: string]: string } = keeper ? { [KEEPER]: toHex(digest(new TextEncoder().encode(keeper))).slice(2) } : {};
  try {
    const last = blocks.count - 1;
    const send = (index: number) => ask(blocks.cid(index), {
      method: 'PUT', body: blocks.block(index) as BodyInit, headers: { 'content-type': 'application/octet-stream', ...named },
    }, index === last ? '?root=true' : '');
    for (let from = 0; from < last; from += AT_ONCE) {
      const these = Array.from({ length: Math.min(AT_ONCE, last - from) }, (_, i) => send(from + i));
      await Promise.all(these);
      progress?.((from + these.length) / blocks.count);
    }
    await send(last);
    progress?.(1);
  } finally {
    blocks.free();
  }
}

/**
 * Has stored bytes removed, the root last; false where the server does not let all of them go: some
 * were stored too long ago, by another as well, or before it was started again.
 */
export async function remove(bytes: Uint8Array, keeper: string): Promise<boolean> {
  const { Blocks } = await core();
  const blocks = new Blocks(bytes);
  try {
    const last = blocks.count - 1;
    let isGone = true;
    for (let index = 0; index <= last; index += 1) {
      const init = { method: 'DELETE', headers: { [KEEPER]: keeper } };
      try {
        await ask(blocks.cid(index), init, index === last ? '?root=true' : '');
      } catch (error) {
        if (!(error instanceof StoreError && error.status === 403)) throw error;
        // The others go all the same.
        isGone = false;
      }
    }
    return isGone;
  } finally {
    blocks.free();
  }
}

/** Fetches content of at most `limit` bytes, and verifies every block of it. */
export async function get(cid: string, limit: number, progress?: (part: number) => void): Promise<Uint8Array> {
  const { Assembly } = await core();
  const assembly = new Assembly(cid, limit);
  const early = new Map<string, Promise<Uint8Array>>();
  for (;;) {
    const wanted = assembly.wanted(AT_ONCE);
    const [next] = wanted;
    if (next === undefined) return assembly.finish();
    for (const one of wanted) {
      if (early.has(one)) continue;
      const coming = ask(one).then(async (answer) => new Uint8Array(await answer.arrayBuffer()));
      // Whoever awaits it gets the error; until then, it is not lost.
      coming.catch(() => undefined);
      early.set(one, coming);
    }
    const block = await early.get(next)!;
    early.delete(next);
    assembly.supply(block);
    progress?.(assembly.progress);
  }
}
