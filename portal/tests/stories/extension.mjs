// A real browser extension as the wallet: unpacked, with a window of its own to confirm and reject.
import { randomBytes } from 'node:crypto';
import { cpSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

import { ensure, PASSPHRASE, PATIENCE, until } from '../stage.mjs';
import { account } from '../wallet.mjs';
import { isPatient, medchain, root, scratch } from '../world.mjs';

const esbuild = createRequire(join(root, 'portal/package.json'))('esbuild');

export default async function tell(stage) {
  const uri = `//Extension//${randomBytes(8).toString('hex')}`;
  const { address } = account(uri, 'In the extension').pair;
  await medchain(stage.chain, 'transfer', address, '100', '--dev', '--suri', '//Alice', '-y', '--in-block');
  const folder = join(scratch, 'extension');
  cpSync(join(root, 'portal/tests/extension'), folder, { recursive: true });
  await esbuild.build({
    entryPoints: [join(root, 'portal/tests/extension/confirm.src.mjs')], outfile: join(folder, 'confirm.js'), bundle: true, format: 'esm',
    define: { WALLET_URI: JSON.stringify(uri) }, logLevel: 'error', nodePaths: [join(root, 'tests/js/node_modules')], target: 'chrome111',
  });
  const context = await chromium.launchPersistentContext(join(scratch, 'profile'), {
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, locale: 'en-GB', ignoreDefaultArgs: ['--disable-extensions'],
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--headless=new', `--disable-extensions-except=${folder}`, `--load-extension=${folder}`],
  });
  const problems = [];
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on('pageerror', (error) => problems.push(error.message));
  const person = { page, context, problems };

  /** The wallet's own window, once it asks. */
  async function window(button) {
    const asking = () => context.pages().find((one) => one.url().includes('confirm.html'));
    await until('the window of the wallet', asking);
    const opened = asking();
    await opened.getByRole('button', { name: button }).click();
    await until('the end of the window', () => opened.isClosed());
  }

  await stage.step('a real extension shows its account, once its user approves', async () => {
    await stage.open(person, '/sign-in');
    await page.getByRole('button', { name: 'extension-wallet' }).click();
    await window('Approve');
    await page.getByLabel('In the extension').check();
    await page.getByLabel('Passphrase', { exact: false }).first().fill(PASSPHRASE);
    await page.getByLabel('Passphrase again').fill(PASSPHRASE);
    await page.getByRole('button', { name: 'Make a new key' }).click();
    await page.getByLabel('I have kept the file').check();
  });

  await stage.step('what is rejected in the extension’s window leaves nothing behind', async () => {
    await page.getByRole('button', { name: 'Register as a patient' }).click();
    await page.getByRole('button', { name: 'Continue in the wallet' }).click();
    await window('Reject');
    await page.locator('.notice[data-stage="rejected"]').waitFor();
    ensure(!await isPatient(stage.chain, address), 'the patient is registered');
  });

  await stage.step('what is confirmed there is signed', async () => {
    await page.getByRole('button', { name: 'Register as a patient' }).click();
    await page.getByRole('button', { name: 'Continue in the wallet' }).click();
    await window('Approve');
    await page.getByText('You are signed in.').waitFor();
    ensure(await isPatient(stage.chain, address), 'the chain does not know the patient');
    ensure(problems.length === 0, problems.join('\n'));
  });
  await context.close();
}
