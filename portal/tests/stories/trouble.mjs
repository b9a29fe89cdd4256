// What goes wrong around the page: node, store, wallet and account, and a runtime that is replaced.
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';

import { film } from '../png.mjs';
import { ensure, until } from '../stage.mjs';
import { account } from '../wallet.mjs';
import { isPatient, medchain, startPortal } from '../world.mjs';

/** Passes connections on to the node, until it is told to be gone. */
async function between({ node }) {
  const { hostname: host, port } = new URL(node);
  const sockets = new Set();
  const server = net.createServer((socket) => {
    const other = net.connect({ host, port: Number(port) });
    for (const one of [socket, other]) {
      sockets.add(one);
      one.on('close', () => { sockets.delete(one); socket.destroy(); other.destroy(); });
      one.on('error', () => undefined);
    }
    socket.pipe(other).pipe(socket);
  });
  const listen = (at) => new Promise((resolve) => { server.listen(at, '127.0.0.1', resolve); });
  await listen(0);
  const at = server.address().port;
  return {
    node: `ws://127.0.0.1:${at}`,
    gone: () => { server.close(); for (const socket of sockets) socket.destroy(); },
    back: () => listen(at),
  };
}

export default async function tell(stage) {
  const { chain } = stage;
  const people = [account(`//Patient//${randomBytes(8).toString('hex')}`, 'Patient'), account(`//Another//${randomBytes(8).toString('hex')}`, 'Other one')];
  for (const { pair } of people) await medchain(chain, 'transfer', pair.address, '100', '--dev', '--suri', '//Alice', '-y', '--in-block');
  const { address } = people[0].pair;
  const listed = async () => JSON.parse(await medchain(chain, 'records', address, '--json')).records;
  const records = async () => (await listed()).length;
  const usual = stage.portal;
  const link = await between(chain);
  stage.portal = await startPortal({ node: link.node, store: chain.store });

  const patient = await stage.person(people);
  const { page } = patient;
  let record;

  await stage.step('the node gone and back', async () => {
    await stage.arrive(patient, 'Patient');
    record = await stage.upload(patient, film(21, 200));
    link.gone();
    await page.locator('.link.lost').waitFor();
    await stage.look(patient, 'node-gone');
    await stage.accessible(patient, 'node-gone');
    await link.back();
    await page.locator('.link.connected').waitFor();
    // The open key is still there, and what the chain knows as well.
    await stage.go(patient, `/r/${record}`);
    await page.locator('[data-testid="film"]').waitFor();
  });

  await stage.step('the node goes while the wallet asks, and comes back: one record', async () => {
    patient.wallet.answer = 'wait';
    await stage.go(patient, '/upload');
    await page.locator('[data-testid="files"]').setInputFiles({ name: 'film.png', mimeType: 'image/png', buffer: film(22, 200) });
    await page.locator('li[data-step="ready"] img').waitFor();
    await page.getByLabel('Model').selectOption('none');
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await page.getByRole('button', { name: 'Continue in the wallet' }).click();
    await until('the wallet', () => patient.wallet.waiting !== undefined);
    link.gone();
    await page.locator('.link.lost').waitFor();
    patient.wallet.answer = 'sign';
    patient.wallet.waiting();
    await page.waitForTimeout(2000);
    await link.back();
    await page.locator('.link.connected').waitFor();
    // It goes on by itself, or is carried on: never twice.
    const list = page.locator('[data-testid="unfinished"]').getByRole('button', { name: 'Continue' });
    await page.locator('li[data-step="done"], li[data-step="begun"]').waitFor();
    if (await list.count() > 0) await list.click();
    await until('the record', async () => await records() === 2);
    await page.waitForTimeout(3000);
    ensure(await records() === 2, 'there are too many');
  });

  await stage.step('the store gone and back', async () => {
    const blocks = join(chain.store, 'blocks');
    ensure(existsSync(blocks), 'the store looks otherwise');
    renameSync(blocks, `${blocks}.away`);
    writeFileSync(blocks, 'gone');
    try {
      // What the browser has read before, it may have kept.
      const unread = (await listed()).find(({ record_id: id }) => id !== record);
      await stage.go(patient, `/r/${unread.record_id}`);
      await page.getByRole('alert').getByText(/block bafy|block bafk/).waitFor();
      await stage.look(patient, 'store-gone');
      await stage.accessible(patient, 'store-gone');
      await stage.go(patient, '/upload');
      await page.locator('[data-testid="files"]').setInputFiles({ name: 'film.png', mimeType: 'image/png', buffer: film(23, 200) });
      await page.locator('li[data-step="ready"] img').waitFor();
      // The network of a preview is in the store as well.
      await page.getByRole('button', { name: 'Preview: film.png' }).click();
      await page.locator('[data-testid="preview"]').getByRole('alert').getByText(/There is no preview: block baf/).waitFor();
      await page.locator('[data-testid="preview"]').getByRole('button', { name: 'Try again' }).waitFor();
      await page.getByLabel('Model').selectOption('none');
      await page.getByRole('button', { name: 'Upload', exact: true }).click();
      await stage.agree(patient, 'Add the record', 'failed');
      await page.locator('li[data-step="begun"]').waitFor();
      ensure(await records() === 2, 'a record without its film');
    } finally {
      rmSync(blocks);
      renameSync(`${blocks}.away`, blocks);
    }
    await page.locator('[data-testid="unfinished"]').getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(/#\/r\/\d+$/);
    await page.locator('[data-testid="film"]').waitFor();
    ensure(await records() === 3, 'the record is not there once');
  });

  await stage.step('the wrong account opens nothing, and neither does a wrong signature', async () => {
    // Another account of the same wallet, with a key of its own.
    await stage.arrive(patient, 'Other one', 'Publish my key only');
    await stage.go(patient, `/r/${record}`);
    await page.getByText('You have no key for this record').waitFor();
    ensure(await page.locator('[data-testid="film"]').count() === 0, 'the film is shown');
    // The wallet signs with another account's key than that which the page asked for.
    patient.wallet.signAs = people[0].pair;
    await stage.go(patient, '/sign-in');
    await page.getByRole('button', { name: 'Register as a patient' }).click();
    await stage.agree(patient, 'Register as a patient', 'failed');
    patient.wallet.signAs = undefined;
    ensure(!await isPatient(chain, people[1].pair.address), 'it was registered with a wrong signature');
  });

  await stage.step('no page reported an error but what went wrong', async () => {
    stage.quiet([patient], /WebSocket|ERR_CONNECTION|Failed to load resource|net::|502/i);
  });
  await stage.leave(patient);
  await stage.portal.stop();
  stage.portal = usual;
  link.gone();
}
