#!/usr/bin/env node
// The page in a real browser, as people use it: against a chain with workers, a store and the
// page's own server. Prints a line per step; the exit code is 0 if nothing failed.
//
//   node browser.mjs [--all | --only STORY,…] [--screens FOLDER] [--headed]
//
// MEDCHAIN_NODE and MEDCHAIN_STORE name a chain that runs already; otherwise one is started.
import { parseArgs } from 'node:util';

import { Stage } from './stage.mjs';
import { end, startChain } from './world.mjs';

/** The stories that every `make test` tells: they take eight minutes. The last leaves another runtime. */
const SHORT = ['first', 'real', 'keys', 'passkey', 'folder', 'recovery', 'closed', 'trouble', 'hostile', 'extension', 'upgraded'];
/** All of them, as `make portal-test` tells them. */
const ALL = ['first', 'real', 'keys', 'passkey', 'folder', 'custody', 'closed', 'trouble', 'hostile', 'extension', 'large', 'many', 'upgraded'];

const { values: options } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    only: { type: 'string' },
    screens: { type: 'string' },
    headed: { type: 'boolean', default: false },
  },
});
const told = options.only?.split(',') ?? (options.all ? ALL : SHORT);

const stage = await Stage.open(await startChain(), options);
for (const name of told) {
  const { default: tell } = await import(`./stories/${name}.mjs`);
  console.log(`-- ${name}`);
  const started = Date.now();
  // What a story begins with is a step as well.
  await tell(stage).catch((error) => stage.step(`${name} goes on`, () => { throw error; }));
  console.log(`   ${((Date.now() - started) / 1000).toFixed(0)} s`);
}
await stage.browser.close();
end();
console.log(`${stage.passed} passed, ${stage.failed} failed`);
process.exit(stage.failed === 0 && stage.passed > 0 ? 0 : 1);
