#!/usr/bin/env node
// An IPFS daemon for tests: offline, without peers, on this machine only.
//
//   node daemon.mjs --repo FOLDER [--rpc-port 5001] [--gateway-port 8080]
//
// FOLDER is made if it does not exist, and keeps the blocks between runs. The
// port 0 lets the system choose. Once both servers answer, the daemon prints
// one line, `READY rpc=http://127.0.0.1:… gateway=http://127.0.0.1:…`, and runs
// until SIGTERM or SIGINT. js-ipfs is discontinued upstream and stands in for
// Kubo here because it can be installed from the npm registry alone.
import { parseArgs } from 'node:util';

import { create } from 'ipfs-core';
import { HttpApi } from 'ipfs-http-server';
import { HttpGateway } from 'ipfs-http-gateway';

const { values } = parseArgs({
  options: {
    repo: { type: 'string' },
    'rpc-port': { type: 'string', default: '5001' },
    'gateway-port': { type: 'string', default: '8080' },
  },
});
if (!values.repo) {
  console.error('usage: node daemon.mjs --repo FOLDER [--rpc-port 5001] [--gateway-port 8080]');
  process.exit(2);
}

// A request for a missing block that runs into its time-out rejects somewhere
// inside js-ipfs, too. Without a handler, that would end the process.
process.on('unhandledRejection', (reason) => {
  console.error(`ignored: ${reason?.message ?? reason}`);
});

const local = (port) => `/ip4/127.0.0.1/tcp/${port}`;
const ipfs = await create({
  repo: values.repo,
  offline: true,
  silent: true,
  init: { emptyRepo: true, profiles: ['server'] },
  preload: { enabled: false },
  config: {
    Addresses: {
      Swarm: [],
      API: local(values['rpc-port']),
      Gateway: local(values['gateway-port']),
    },
    Bootstrap: [],
    Discovery: { MDNS: { Enabled: false }, webRTCStar: { Enabled: false } },
    Pubsub: { Enabled: false },
    Routing: { Type: 'none' },
  },
});

const rpc = new HttpApi(ipfs);
await rpc.start();
const gateway = new HttpGateway(ipfs);
await gateway.start();

// `[server].info.port` is the port that the system gave, where 0 was asked for.
const url = (servers) => `http://127.0.0.1:${servers[0].info.port}`;
console.log(`READY rpc=${url(rpc._apiServers)} gateway=${url(gateway._gatewayServers)}`);

let stopping = false;
const stop = async () => {
  if (stopping) return;
  stopping = true;
  // js-ipfs keeps timers alive; what is stored is stored by then.
  setTimeout(() => process.exit(0), 3000).unref();
  await Promise.allSettled([gateway.stop(), rpc.stop()]);
  await ipfs.stop().catch(() => {});
  process.exit(0);
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
