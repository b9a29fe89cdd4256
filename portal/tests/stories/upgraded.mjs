// The runtime is replaced under an open page, and a node falls silent. Told last: the chain stays
// as it is then.
import { randomBytes } from 'node:crypto';

import { ensure } from '../stage.mjs';
import { account } from '../wallet.mjs';
import { medchain, upgrade } from '../world.mjs';

export default async function tell(stage) {
  const owner = account(`//Patient//${randomBytes(8).toString('hex')}`, 'Patient');
  await medchain(stage.chain, 'transfer', owner.pair.address, '100', '--dev', '--suri', '//Alice', '-y', '--in-block');
  const patient = await stage.person([owner]);
  const { page } = patient;

  await stage.step('a runtime that is replaced under the page is noticed, and nothing is signed', async () => {
    await stage.arrive(patient, 'Patient');
    await stage.go(patient, '/relations');
    const report = await upgrade(stage.chain);
    await page.locator('[data-testid="upgraded"]').waitFor();
    await stage.look(patient, 'upgraded');
    await stage.accessible(patient, 'upgraded');
    const { asked } = patient.wallet;
    await page.getByLabel('Account', { exact: true }).fill(account('//Bob', '').pair.address);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.locator('.notice.error').getByText('Reload this page').waitFor();
    ensure(patient.wallet.asked === asked, 'the wallet was asked');
    return `version ${report.from} to ${report.to}`;
  });

  await stage.step('after a reload, the page works with the new runtime', async () => {
    await page.locator('[data-testid="upgraded"]').getByRole('button', { name: 'Reload' }).click();
    await stage.unlock(patient);
    ensure(await page.locator('[data-testid="upgraded"]').count() === 0, 'it is still said');
    await stage.go(patient, '/relations');
    await page.getByLabel('Account', { exact: true }).fill(account('//Bob', '').pair.address);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await stage.agree(patient, 'Name a relative');
  });

  await stage.step('a node that sends no blocks is told of, with the way out', async () => {
    const guest = await stage.person([]);
    let isSilent = true;
    await guest.page.routeWebSocket(/\/rpc$/, (page) => {
      const server = page.connectToServer();
      server.onMessage((message) => { if (!isSilent || !message.includes('chainHead_v1_followEvent')) page.send(message); });
    });
    await stage.open(guest, '/network');
    const alert = guest.page.locator('[data-testid="silent"]');
    await alert.waitFor();
    ensure(await guest.page.locator('.link.connected').count() === 0, 'it is said to be connected');
    await stage.look(guest, 'silent');
    await stage.accessible(guest, 'silent');
    isSilent = false;
    await alert.getByRole('button', { name: 'Reload' }).click();
    await guest.page.locator('.link.connected').waitFor();
    await alert.waitFor({ state: 'detached' });
    await stage.leave(guest);
  });
  await stage.leave(patient);
}
