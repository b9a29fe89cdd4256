// Bundles the page into dist/, and prints what it weighs. Fails above the budget for the first
// load.
//
//   node tools/build.mjs [--core FOLDER] [--policy FILE.wasm]
//
// --core is what portal-bindgen wrote; --policy is the code of the reference policy, which the
// page offers to deploy.
import { createHash } from 'node:crypto';
import {
  copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

import esbuild from 'esbuild';
import { compile, compileModule } from 'svelte/compiler';

import { mends } from './mends.mjs';

/** What the first page may weigh, in bytes of gzip. */
const BUDGET = 300 * 1024;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values: options } = parseArgs({
  options: {
    core: { type: 'string', default: join(root, 'core/pkg') },
    policy: { type: 'string' },
  },
});
const dist = join(root, 'dist');
rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, 'assets'), { recursive: true });

/** Svelte's compiler as a plugin: components, and modules with runes. */
const svelte = {
  name: 'svelte',
  setup(build) {
    const settings = (filename) => ({ filename, generate: 'client', dev: false, runes: true });
    build.onLoad({ filter: /\.svelte$/ }, ({ path }) => {
      const { js, warnings } = compile(readFileSync(path, 'utf8'), {
        ...settings(path), css: 'external',
      });
      return { contents: js.code, loader: 'js', warnings: warnings.map(warning(path)) };
    });
    build.onLoad({ filter: /\.svelte\.ts$/ }, async ({ path }) => {
      const plain = await esbuild.transform(readFileSync(path, 'utf8'), {
        loader: 'ts', target: 'esnext', tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
      });
      const { js, warnings } = compileModule(plain.code, settings(path));
      return { contents: js.code, loader: 'js', warnings: warnings.map(warning(path)) };
    });
  },
};

function warning(file) {
  return ({ message, start }) => ({
    text: message, location: start && { file, line: start.line, column: start.column },
  });
}

// The module's name has the hash of its content, as those of the chunks have.
const code = readFileSync(join(options.core, 'core_bg.wasm'));
const hash = createHash('sha256').update(code).digest('hex').slice(0, 8);
const coreUrl = `/assets/core-${hash}.wasm`;
writeFileSync(join(dist, coreUrl), code);

const shared = {
  outdir: join(dist, 'assets'),
  entryNames: '[name]-[hash]',
  bundle: true,
  format: 'esm',
  // Workers that are modules, Firefox has from 114 on; without them there is no preview.
  target: ['chrome111', 'firefox111', 'safari16.4'],
  minify: true,
  metafile: true,
  legalComments: 'none',
  alias: { '#core': join(options.core, 'core.js') },
  logLevel: 'warning',
};
const url = (file) => `/${relative(dist, join(process.cwd(), file))}`;

// What runs beside the page comes first: the page has its name, which has the hash of its content.
const worker = await esbuild.build({
  ...shared,
  entryPoints: { network: join(root, 'src/core/network.worker.ts') },
  define: { CORE_URL: JSON.stringify(coreUrl) },
});
const [workerFile] = Object.keys(worker.metafile.outputs);

const result = await esbuild.build({
  ...shared,
  entryPoints: { main: join(root, 'src/main.ts') },
  chunkNames: 'chunk-[hash]',
  splitting: true,
  define: {
    CORE_URL: JSON.stringify(coreUrl), WORKER_URL: JSON.stringify(url(workerFile)), 'process.env.NODE_ENV': '"production"',
  },
  conditions: ['svelte', 'browser', 'module', 'import'],
  plugins: [svelte, mends],
});
if (worker.warnings.length + result.warnings.length > 0) process.exitCode = 1;

cpSync(join(root, 'static'), dist, { recursive: true });
if (options.policy && existsSync(options.policy)) {
  copyFileSync(options.policy, join(dist, 'policy.wasm'));
}

// The page, with the names of its script and style.
const outputs = Object.entries(result.metafile.outputs);
const entry = outputs.find(([, output]) => output.entryPoint?.endsWith('src/main.ts'));
const [script, { cssBundle, imports }] = entry;
const eager = [script, ...imports.filter((one) => one.kind === 'import-statement').map((one) => one.path)];
const preloads = eager.slice(1).map((file) => `<link rel="modulepreload" href="${url(file)}">`);
const page = readFileSync(join(root, 'src/index.html'), 'utf8')
  .replace('<!--style-->', `<link rel="stylesheet" href="${url(cssBundle)}">`)
  .replace('<!--script-->', `${preloads.join('')}<script type="module" src="${url(script)}"></script>`);
writeFileSync(join(dist, 'index.html'), page);

// A smaller copy of everything that compresses.
const sizes = {};
for (const file of files(dist)) {
  const bytes = readFileSync(file);
  const small = gzipSync(bytes, { level: 9 });
  sizes[`/${relative(dist, file)}`] = [bytes.length, small.length];
  if (small.length < bytes.length) writeFileSync(`${file}.gz`, small);
}

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

// What a browser fetches before the first page shows: the page, its style, its script with what
// that imports at once, and with the parts of the chain's client that follow at once.
const first = new Set(['/index.html', url(cssBundle)]);
const follow = (file) => {
  if (first.has(url(file))) return;
  first.add(url(file));
  for (const one of result.metafile.outputs[file].imports) {
    if (one.kind === 'import-statement' || isOfDescriptors(one.path)) follow(one.path);
  }
};
const isOfDescriptors = (file) =>
  Object.keys(result.metafile.outputs[file]?.inputs ?? {}).some((input) => input.includes('chain/descriptors/'));
follow(script);

let total = 0;
console.log('       bytes        gzip');
for (const [name, [plain, small]] of Object.entries(sizes)) {
  const isFirst = first.has(name);
  if (isFirst) total += small;
  console.log(`${String(plain).padStart(12)}${String(small).padStart(12)}  ${name}${isFirst ? '' : '  (when needed)'}`);
}
console.log(`first load: ${(total / 1024).toFixed(1)} KiB of gzip, of ${BUDGET / 1024}`);
if (total > BUDGET) {
  console.error('the first load is above its budget');
  process.exitCode = 1;
}
