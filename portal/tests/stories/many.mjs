// A patient with 10,000 records: on a chain of its own, whose first block has them.
import { randomBytes } from 'node:crypto';

import { film } from '../png.mjs';
import { ensure, until } from '../stage.mjs';
import { account } from '../wallet.mjs';
import { chainWith, medchain, startPortal } from '../world.mjs';

const COUNT = 10_000;

export default async function tell(stage) {
  const owner = account(`//Patient//${randomBytes(8).toString('hex')}`, 'Patient');
  const { address } = owner.pair;
  const usual = { portal: stage.portal, chain: stage.chain };
  const patient = await stage.person([owner]);
  const { page } = patient;

  await stage.step('10,000 records are read in pages', async () => {
    // One record and one patient that the chain itself made are the pattern for all others.
    await medchain(stage.chain, 'transfer', address, '100', '--dev', '--suri', '//Alice', '-y', '--in-block');
    await stage.arrive(patient, 'Patient');
    const record = await stage.upload(patient, film(5, 200));
    const { pair: reader } = account('//Bob', 'Reader');
    const { chain, stop } = await chainWith(stage.chain, owner.pair, record, COUNT, reader);
    stage.chain = chain;
    stage.portal = await startPortal(chain);
    try {
      const started = Date.now();
      const shown = await stage.person([owner]);
      const { page: many } = shown;
      let messages = 0;
      many.on('websocket', (socket) => socket.on('framereceived', () => { messages += 1; }));
      await stage.open(shown, '/sign-in');
      await many.getByRole('button', { name: 'test-wallet' }).click();
      await many.getByLabel('Patient').check();
      await stage.go(shown, '/patient');
      await many.getByText(`1–20 / ${COUNT}`).waitFor();
      const first = Date.now() - started;
      // Not one for each record.
      ensure(messages < COUNT / 10, `the node sent ${messages} messages for the first page`);
      const turned = Date.now();
      await many.getByRole('button', { name: 'Older' }).click();
      await many.getByText(`21–40 / ${COUNT}`).waitFor();
      const next = Date.now() - turned;
      await until('a page of 20 records', async () => await many.getByRole('link', { name: /^Open Record \d+$/ }).count() === 20);
      await stage.look(shown, 'many-records');
      await stage.accessible(shown, 'many-records');
      for (const path of ['/shared', '/access']) {
        await stage.go(shown, path);
        await many.locator('main .card').first().waitFor();
        await many.getByText('Loading …').first().waitFor({ state: 'detached' });
        if (path === '/shared') await many.getByText('Nobody has given you the key of a record.').waitFor();
      }
      // A request on the oldest record is among those that run.
      await many.locator('[data-testid="requests"]').getByRole('link', { name: 'Record 0', exact: true }).waitFor();
      // Whoever can open the oldest record alone is seen, and loses that key.
      await many.locator('[data-testid="access"]').getByRole('link', { name: '0', exact: true }).waitFor();
      await many.getByRole('button', { name: `Revoke ${reader.address}` }).click();
      await many.getByRole('dialog').getByText('Its keys of 1 record are removed from the chain: 0.').waitFor();
      await many.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
      await stage.leave(shown);
      return `the first page after ${first} ms, the next after ${next} ms, ${messages} messages`;
    } finally {
      await stage.portal.stop();
      Object.assign(stage, usual);
      stop();
    }
  });
  await page.close();
  await stage.leave(patient);
}
