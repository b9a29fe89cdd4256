#!/usr/bin/env node
// Follows a parachain on its relay chain until this many of its blocks are
// backed, included and finalised. Prints one JSON object.
//
//   node relay.mjs [--relay ws://127.0.0.1:9900] [--para 2000] [--blocks 3] [--seconds 180]
import { parseArgs } from 'node:util';

import { ApiPromise, WsProvider } from '@polkadot/api';

const { values: options } = parseArgs({
  options: {
    relay: { type: 'string', default: 'ws://127.0.0.1:9900' },
    para: { type: 'string', default: '2000' },
    blocks: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '180' },
  },
});
const para = Number(options.para);
const wanted = Number(options.blocks);
const late = setTimeout(() => fail(`not within ${options.seconds} s`), Number(options.seconds) * 1000);

const seen = { backed: new Map(), included: new Map(), finalised: undefined };

function report() {
  return {
    para,
    lifecycle,
    cores,
    backed: seen.backed.size,
    included: seen.included.size,
    // Number of the parachain's latest head in finalised relay chain state.
    finalised: seen.finalised ?? null,
    // From backing to inclusion, in relay chain blocks.
    blocks_to_inclusion: [...seen.included].flatMap(([hash, at]) =>
      seen.backed.has(hash) ? [at - seen.backed.get(hash)] : []),
  };
}

function fail(reason) {
  console.log(JSON.stringify({ error: reason, ...report() }));
  process.exit(1);
}

let lifecycle = null;
let cores = null;
const api = await ApiPromise.create({
  provider: new WsProvider(options.relay), noInitWarn: true, throwOnConnect: true,
}).catch((error) => fail(`cannot connect to ${options.relay}: ${error?.message ?? error}`));

lifecycle = (await api.query.paras.paraLifecycles(para)).toJSON();
if (lifecycle !== 'Parachain') fail(`para ${para} is not a parachain of this relay chain`);
cores = (await api.call.parachainHost.availabilityCores()).length;

/** Returns the block number of an encoded header. */
function numberOf(head) {
  return api.registry.createType('Header', head.toU8a(true)).number.toNumber();
}

const first = numberOf((await api.query.paras.heads(para)).unwrap());
await api.rpc.chain.subscribeNewHeads(async (header) => {
  const at = await api.at(header.hash);
  for (const { event } of await at.query.system.events()) {
    if (event.section !== 'paraInclusion') continue;
    const { descriptor } = event.data[0];
    if (descriptor.paraId.toNumber() !== para) continue;
    const number = header.number.toNumber();
    const hash = descriptor.paraHead.toHex();
    if (event.method === 'CandidateBacked') seen.backed.set(hash, number);
    if (event.method === 'CandidateIncluded') seen.included.set(hash, number);
  }
});
await api.rpc.chain.subscribeFinalizedHeads(async (header) => {
  const at = await api.at(header.hash);
  seen.finalised = numberOf((await at.query.paras.heads(para)).unwrap());
  if (seen.backed.size >= wanted && seen.included.size >= wanted && seen.finalised >= first + wanted) {
    clearTimeout(late);
    console.log(JSON.stringify(report()));
    process.exit(0);
  }
});
