// Our own Rust, loaded when it is first needed: everything about keys, encryption, images and
// CIDs. See portal/core.
import type * as Core from '#core';

declare const CORE_URL: string;

export type { Assembly, Blocks, Film, Grant, Key, Name, Secret } from '#core';

let loading: Promise<typeof Core> | undefined;

/** The module, ready for use. */
export function core(): Promise<typeof Core> {
  loading ??= import('#core').then(async (module) => {
    await module.default({ module_or_path: CORE_URL });
    return module;
  }).catch((error: unknown) => {
    // The next one may be luckier.
    loading = undefined;
    throw error;
  });
  return loading;
}
