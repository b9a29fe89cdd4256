// Many films at once: folders, chosen and dropped.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { film } from '../png.mjs';
import { ensure, until } from '../stage.mjs';
import { account } from '../wallet.mjs';
import { file, medchain, scratch } from '../world.mjs';

export default async function tell(stage) {
  const owner = account(`0x${randomBytes(32).toString('hex')}`, 'Collector');
  await medchain(stage.chain, 'transfer', owner.pair.address, '200', '--dev', '--suri', '//Alice', '-y', '--in-block');
  file('films/one.png', film(51));
  file('films/later/two.png', film(52));
  file('films/later/.hidden.png', film(53));
  file('films/later/notes.txt', 'no film');
  file('films/DICOMDIR', 'no film either');
  const folder = join(scratch, 'films');
  const one = await stage.person([owner]);
  const { page } = one;
  await stage.arrive(one, 'Collector');
  await stage.go(one, '/upload');

  const listed = async () => {
    await until('the files of the folder', async () => await page.locator('.files li').count() === 3
      && await page.locator('li[data-step="ready"] img').count() === 2 && await page.locator('li[data-step="bad"]').count() === 1);
    const names = await page.locator('.files li strong').allInnerTexts();
    ensure(names.join() === 'films/later/notes.txt,films/later/two.png,films/one.png', `listed are ${names}`);
  };

  await stage.step('a folder is chosen, with what is in folders inside', async () => {
    await page.locator('[data-testid="folder"]').setInputFiles(folder);
    await listed();
    await stage.look(one, 'upload-folder');
    await stage.accessible(one, 'upload of a folder');
    for (const name of ['one.png', 'two.png', 'notes.txt']) await page.getByRole('button', { name: new RegExp(`^Remove .*${name}$`) }).click();
  });

  await stage.step('a folder is dropped', async () => {
    await page.locator('.drop').scrollIntoViewIfNeeded();
    const { x, y, width, height } = await page.locator('.drop').boundingBox();
    const driver = await one.context.newCDPSession(page);
    for (const type of ['dragEnter', 'dragOver', 'drop']) {
      await driver.send('Input.dispatchDragEvent', {
        type, x: x + width / 2, y: y + height / 2, data: { items: [], files: [folder], dragOperationsMask: 1 },
      });
    }
    await driver.detach();
    await listed();
  });

  await stage.step('the small pictures are gone once the page is left', async () => {
    const isShown = (source) => page.evaluate((from) => {
      const image = new Image();
      image.src = from;
      return image.decode().then(() => true, () => false);
    }, source);
    const source = await page.locator('li[data-step="ready"] img').first().getAttribute('src');
    ensure(await isShown(source), 'there is no picture');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('You are logged out').waitFor();
    ensure(!await isShown(source), 'the picture is there still');
  });

  await stage.step('no page reported an error', () => stage.quiet([one], /WebSocket|ERR_CONNECTION|blob:|ERR_FILE_NOT_FOUND/));
}
