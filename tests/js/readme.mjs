#!/usr/bin/env node
// Holds the README's steps for Polkadot.js Apps against the chain: every call,
// storage item and event that they name exists, with the fields that they tell
// people to fill in, and what they say is off by default is an Option (Apps
// shows a switch "include option" for these, off at first).
//
//   node readme.mjs [--node ws://127.0.0.1:9944] [--bundle access-control.contract]
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { connect, ensure, finish, readBundle, step } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    node: { type: 'string', default: process.env.MEDCHAIN_NODE || 'ws://127.0.0.1:9944' },
    bundle: { type: 'string' },
  },
});
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const section = readme.split('## First steps in Polkadot.js Apps\n')[1]?.split('\n## ')[0] ?? '';
const steps = section.split('\n').filter((line) => /^\d\. /.test(line));
const api = await connect(options.node);

await step('the README has the steps', () => {
  ensure(steps.length === 6, `there are ${steps.length} steps, not 6`);
});

// "`emr` › `addRecord`": a storage item under "Chain state", else a call.
const named = steps.flatMap((text) =>
  [...text.matchAll(/`([a-z]\w*)` › `(\w+)`/g)].map(([, pallet, item]) => {
    const before = text.slice(0, text.indexOf(`\`${pallet}\` › \`${item}\``));
    return { pallet, item, isStorage: before.includes('Chain state') };
  }),
);
await step('every call and storage item exists', () => {
  ensure(named.length >= 4, `the steps name only ${named.length} things`);
  for (const { pallet, item, isStorage } of named) {
    const found = isStorage ? api.query[pallet]?.[item] : api.tx[pallet]?.[item];
    ensure(found, `there is no ${isStorage ? 'storage item' : 'call'} ${pallet}.${item}`);
  }
  return named.map(({ pallet, item }) => `${pallet}.${item}`).join(', ');
});

await step('every event exists', () => {
  const events = [...section.matchAll(/`(emr|custody|system|inference)\.([A-Z]\w+)`/g)];
  ensure(events.length >= 2, `the steps name only ${events.length} events`);
  for (const [, pallet, event] of events) {
    ensure(api.events[pallet]?.[event], `there is no event ${pallet}.${event}`);
  }
});

// The arguments of a call by name, as the type's text.
const types = (call) => Object.fromEntries(call.meta.args.map((a) => [a.name.toString(), a.type.toString()]));
await step('the switches "include option" are where the steps say', () => {
  for (const [call, argument] of [[api.tx.emr.registerPatient, 'profile'], [api.tx.emr.setPolicy, 'policy']]) {
    const type = types(call)[argument];
    ensure(type?.startsWith('Option<'), `${call.method}: ${argument} is ${type}, not an Option`);
  }
  const { cid, patient, envelopes } = types(api.tx.emr.addRecord);
  ensure(cid && patient && envelopes?.startsWith('Vec<'), 'addRecord has other arguments');
});

await step('the contract has the constructor and the messages', () => {
  const { constructors, messages } = JSON.parse(readBundle(options.bundle)).spec;
  const labels = [...constructors, ...messages].map(({ label }) => label);
  for (const name of ['new', 'grant', 'revoke']) ensure(labels.includes(name), `there is no ${name}`);
});

await api.disconnect();
finish();
