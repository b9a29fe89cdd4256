// A file of 60 MB, about the largest there is, from the disk to the store and back.
import { randomBytes } from 'node:crypto';

import { raw } from '../png.mjs';
import { ensure, PATIENCE } from '../stage.mjs';
import { account } from '../wallet.mjs';
import { medchain } from '../world.mjs';

export default async function tell(stage) {
  const owner = account(`//Patient//${randomBytes(8).toString('hex')}`, 'Patient');
  await medchain(stage.chain, 'transfer', owner.pair.address, '100', '--dev', '--suri', '//Alice', '-y', '--in-block');
  const patient = await stage.person([owner]);
  const { page } = patient;
  page.setDefaultTimeout(4 * PATIENCE);

  await stage.step('a file of 60 MB is uploaded and opened', async () => {
    await stage.arrive(patient, 'Patient');
    const film = raw(7700);
    ensure(film.length > 59_000_000 && film.length < 64 * 1024 * 1024, `it has ${film.length} bytes`);
    await stage.go(patient, '/upload');
    const times = [Date.now()];
    const { path, remove } = await stage.onDisk('large.png', film);
    await page.locator('[data-testid="files"]').setInputFiles(path);
    await page.locator('li[data-step="ready"] img').waitFor();
    times.push(Date.now());
    await page.getByLabel('Model').selectOption('none');
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await stage.agree(patient, 'Add the record');
    const link = page.locator('li[data-step="done"] a');
    await link.waitFor();
    times.push(Date.now());
    await link.click();
    await page.locator('[data-testid="film"]').waitFor();
    times.push(Date.now());
    remove();
    const [shown, uploaded, opened] = times.slice(1).map((time, index) => ((time - times[index]) / 1000).toFixed(0));
    return `${(film.length / 1e6).toFixed(0)} MB: shown after ${shown} s, uploaded in ${uploaded} s, opened in ${opened} s`;
  });

  await stage.step('a larger one is refused, in words', async () => {
    await stage.go(patient, '/upload');
    const { path, remove } = await stage.onDisk('larger.png', Buffer.alloc(64 * 1024 * 1024 + 1));
    await page.locator('[data-testid="files"]').setInputFiles(path);
    await page.locator('li[data-step="bad"]').getByText('at most 64 MB').last().waitFor();
    remove();
    stage.quiet([patient], /^$/);
  });
  await stage.leave(patient);
}
