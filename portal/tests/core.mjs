// The module that the page loads, for programs.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto;

const pkg = join(dirname(fileURLToPath(import.meta.url)), '../core/pkg');
export const core = await import(join(pkg, 'core.js'));
core.initSync({ module: readFileSync(join(pkg, 'core_bg.wasm')) });
