// Starting chopsticks, and ending it.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const pause = (milliseconds) => new Promise((next) => { setTimeout(next, milliseconds); });
let running;
process.on('exit', () => running?.kill('SIGKILL'));

/** Starts chopsticks from a raw spec; returns its port. */
export async function fromSpec(spec, port) {
  // A genesis has no time. Chopsticks looks at the clock several times for the
  // first block, which cannot be made where a slot ends in between.
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    let said = '';
    running = spawn(
      join(here, 'node_modules/.bin/chopsticks'),
      ['--chain-spec', spec, '--host', '127.0.0.1', '--port', port],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const stream of [running.stdout, running.stderr]) stream.on('data', (text) => { said += text; });
    for (let waited = 0; waited < 120; waited += 1) {
      // It takes the next free port where this one is taken.
      const listening = /RPC listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(said);
      if (listening && said.includes('new head #1')) return listening[1];
      if (said.includes('Failed to apply inherents')) break;
      if (running.exitCode !== null) throw new Error(`chopsticks ended by itself:\n${said}`);
      await pause(500);
    }
    running.kill('SIGKILL');
  }
  throw new Error('chopsticks could not make the first block in five attempts');
}
