// Texts and files of others that would run scripts, were they taken for more than texts.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { ensure, HOSTILE } from '../stage.mjs';
import { account } from '../wallet.mjs';
import { contract, file, keyFile, medchain, readFileSync, scratch } from '../world.mjs';

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>window.pwned = 4</script></svg>';
const HTML = `<!doctype html><html><body>${HOSTILE}<script>window.pwned = 5</script></body></html>`;

export default async function tell(stage) {
  const { chain } = stage;
  const seed = `0x${randomBytes(32).toString('hex')}`;
  const owner = account(seed, HOSTILE);
  const { address } = owner.pair;
  await medchain(chain, 'transfer', address, '100', '--dev', '--suri', '//Alice', '-y', '--in-block');
  const passphrase = 'correct horse battery';
  const key = await keyFile('hostile.key', seed, passphrase);
  const asOwner = ['--key', key, '--passphrase-file', file('hostile.passphrase', `${passphrase}\n`), '-y'];
  const patient = await stage.person([owner]);
  const { page } = patient;
  const nothingRan = (where) => stage.nothingRan(patient, where);

  await stage.step('a hostile account name and a hostile key file', async () => {
    await stage.open(patient, '/sign-in');
    await page.getByRole('button', { name: 'test-wallet' }).click();
    await page.getByText(HOSTILE).waitFor();
    await page.getByLabel(HOSTILE).check();
    const forged = JSON.parse(readFileSync(key, 'utf8'));
    forged.meta = { ...forged.meta, name: HOSTILE };
    forged.encoding.type = [HOSTILE];
    await page.getByLabel('Its passphrase').fill(passphrase);
    await page.locator('input[type="file"]').setInputFiles(file('forged.json', JSON.stringify(forged)));
    await page.getByRole('button', { name: 'Open a backup or a key file' }).click();
    await page.getByRole('alert').getByText('is encoded in a way that this program does not know').waitFor();
    await page.getByLabel('Its passphrase').fill(passphrase);
    await page.locator('input[type="file"]').setInputFiles(key);
    await page.getByRole('button', { name: 'Open a backup or a key file' }).click();
    await page.getByText('Your key is open.').waitFor();
    await nothingRan('sign-in');
  });

  await stage.step('a hostile profile that another program wrote', async () => {
    await medchain(chain, 'patient', 'register', '--profile', file('profile.json', HTML), ...asOwner);
    await stage.go(patient, '/sign-in');
    await page.reload();
    await page.getByLabel('Passphrase').fill(passphrase);
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByText('Your key is open.').waitFor();
    await stage.go(patient, '/patient');
    await page.locator('[data-testid="details"]').getByText('window.pwned').first().waitFor();
    await nothingRan('profile');
  });

  await stage.step('hostile documents are saved, and not shown', async () => {
    for (const [name, content] of [['letter.html', HTML], ['film.svg', SVG]]) {
      const added = JSON.parse(await medchain(chain, 'upload', file(name, content), '--patient', address, '--kind', 'report', ...asOwner, '--json'));
      await stage.go(patient, `/r/${added.record_id}`);
      await page.getByText('The content is not an image').waitFor();
      const coming = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save the file' }).click();
      const download = await coming;
      const path = join(scratch, `saved-${name}`);
      await download.saveAs(path);
      ensure(readFileSync(path, 'utf8') === content, 'the file is another');
      ensure(!/\.(html?|svg)$/.test(download.suggestedFilename()), `its name opens it: ${download.suggestedFilename()}`);
    }
    await nothingRan('documents');
  });

  await stage.step('a hostile file name, of what is no film', async () => {
    await stage.go(patient, '/upload');
    await page.locator('[data-testid="files"]').setInputFiles({ name: `${HOSTILE}.svg`, mimeType: 'image/svg+xml', buffer: Buffer.from(SVG) });
    await page.locator('li[data-step="bad"]').getByText(HOSTILE).waitFor();
    await nothingRan('upload');
  });

  await stage.step('a policy contract that misbehaves', async () => {
    const deployed = JSON.parse(await medchain(chain, 'policy', 'deploy', contract('misbehaving-policy'), ...asOwner, '--use', '--args', 'Trap', '--json'));
    await stage.go(patient, '/access');
    await page.getByText(deployed.contract).first().waitFor({ state: 'attached' });
    await page.getByText('Loading …').first().waitFor({ state: 'detached' });
    await page.getByLabel('Account', { exact: true }).fill(account('//Bob', '').pair.address);
    await page.getByRole('button', { name: 'Grant', exact: true }).click();
    await page.locator('.notice.error').getByText('is another than MedChain’s').waitFor();
    await nothingRan('policy');
  });

  await stage.step('hostile texts caused no error either', async () => {
    stage.quiet([patient], /Content Security Policy|trusted/i);
  });
  await stage.leave(patient);
}
