// Real films, where they are on this machine: the page's preview, the workers' verdict and the
// command line say the same of them. They never go into the repository, and no picture is taken.
import { randomBytes } from 'node:crypto';
import { basename, join } from 'node:path';

import { ensure, PATIENCE } from '../stage.mjs';
import { account } from '../wallet.mjs';
import { medchain, researchImage, root } from '../world.mjs';

const CLASSES = ['covid', 'normal'];
/** What the page calls them. */
const NAMES = { covid: 'COVID', normal: 'normal', ignore: 'not a chest X-ray' };

/** A share as the page writes it. */
const percent = (share) =>
  share.toLocaleString('en', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** What `medchain predict` says of a file: each class with its probability, as the page shows it. */
async function offline(chain, path) {
  const said = await medchain(chain, 'predict', path, '--model-dir', join(root, 'models/shipped'), '--json');
  const { label, probabilities } = JSON.parse(said);
  const classes = Object.entries(probabilities).sort(([, a], [, b]) => b - a);
  return { label: NAMES[label] ?? label, classes: classes.map(([name, share]) => `${NAMES[name] ?? name} ${percent(share)}`) };
}

export default async function tell(stage) {
  const paths = CLASSES.map(researchImage);
  if (paths.includes(null)) {
    await stage.step('real films', () => 'skipped: the research images are not on this machine');
    return;
  }
  const expected = await Promise.all(paths.map((path) => offline(stage.chain, path)));
  const owner = account(`0x${randomBytes(32).toString('hex')}`, 'Owner');
  await medchain(stage.chain, 'transfer', owner.pair.address, '200', '--dev', '--suri', '//Alice', '-y', '--in-block');
  const patient = await stage.person([owner]);
  const { page } = patient;
  const line = (path) => page.locator('li[data-step]').filter({ hasText: basename(path) });

  /** What is said at a place of the page: the label, and each class with its probability. */
  async function said(where) {
    await where.locator('.classes li').first().waitFor({ timeout: 3 * PATIENCE });
    const classes = await where.locator('.classes li').allInnerTexts();
    return { label: await where.locator('.label').innerText(), classes: classes.map((one) => one.replace(/\s+/g, ' ').trim()) };
  }

  const same = (what, found, index) => ensure(
    found.label === expected[index].label && found.classes.join() === expected[index].classes.join(),
    `${CLASSES[index]}: ${what} says ${found.label} (${found.classes}), the command line ${expected[index].label} (${expected[index].classes})`,
  );

  await stage.step('the preview of a real film says what the command line says', async () => {
    await stage.arrive(patient, 'Owner');
    await stage.go(patient, '/access');
    await page.getByRole('button', { name: 'Use MedChain’s policy' }).click();
    await stage.agree(patient, 'Choose a policy');
    await stage.go(patient, '/upload');
    await page.locator('[data-testid="files"]').setInputFiles(paths);
    for (const [index, path] of paths.entries()) {
      await line(path).getByRole('button', { name: /^Preview: / }).click();
      same('the preview', await said(line(path).locator('[data-testid="preview"]')), index);
    }
    return expected.map(({ label }, index) => `${CLASSES[index]}: ${label}`).join(', ');
  });

  await stage.step('so does the verdict of the workers', async () => {
    const allow = page.getByRole('button', { name: 'Allow all workers' });
    await allow.click();
    await stage.agree(patient, 'Allow the workers');
    await allow.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: `Upload ${paths.length} files`, exact: true }).click();
    const records = [];
    for (const path of paths) {
      await stage.agree(patient, 'Add the record');
      await stage.agree(patient, 'Draw the workers');
      await stage.agree(patient, 'Give the workers the key');
      const link = page.locator('li[data-step="done"]').filter({ hasText: basename(path) }).locator('a');
      await link.waitFor({ timeout: 3 * PATIENCE });
      records.push((await link.getAttribute('href')).split('/').pop());
    }
    for (const [index, record] of records.entries()) {
      await stage.go(patient, `/r/${record}`);
      await page.getByRole('heading', { name: `Record ${record}`, exact: true }).waitFor();
      await page.locator('[data-testid="film"]').waitFor();
      same('the verdict', await said(page.locator('[data-testid="verdict"]')), index);
      await page.locator('[data-testid="receipt"]').getByText('receipt matches', { exact: true }).waitFor();
    }
    return `records ${records.join(', ')}`;
  });

  await stage.step('no page reported an error', () => stage.quiet([patient], /WebSocket|ERR_CONNECTION/));
  await stage.leave(patient);
}
