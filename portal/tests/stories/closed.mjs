// A tab closed in the middle of an upload, at each moment: one record in the end, nothing orphaned.
import { randomBytes } from 'node:crypto';

import { film } from '../png.mjs';
import { ensure, until } from '../stage.mjs';
import { account } from '../wallet.mjs';
import { medchain } from '../world.mjs';

export default async function tell(stage) {
  const { chain } = stage;
  const uri = `//Patient//${randomBytes(8).toString('hex')}`;
  const owner = account(uri, 'Patient');
  const { address } = owner.pair;
  await medchain(chain, 'transfer', address, '200', '--dev', '--suri', '//Alice', '-y', '--in-block');

  const orphans = async () => JSON.parse(await medchain(chain, 'store', 'check', '--json')).stores[0].unnamed.length;
  const records = async () => JSON.parse(await medchain(chain, 'records', address, '--json')).records.length;
  const orphansBefore = await orphans();

  const patient = await stage.person([owner]);
  await stage.arrive(patient, 'Patient');
  let grey = 30;
  let expected = 0;

  /** Uploads until the wallet is asked. */
  async function begin() {
    const { page } = patient;
    await stage.go(patient, '/upload');
    grey += 1;
    await page.locator('[data-testid="files"]').setInputFiles({ name: 'film.png', mimeType: 'image/png', buffer: film(grey, 200) });
    await page.locator('li[data-step="ready"] img').waitFor();
    await page.getByLabel('Model').selectOption('none');
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await page.getByRole('dialog').getByText('Add the record', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Continue in the wallet' }).click();
  }

  /** The tab is closed, and another one opened: the account is remembered, the key stays locked. */
  async function reopen() {
    await patient.page.close();
    await stage.tab(patient);
    await stage.open(patient, '/sign-in');
    await patient.page.getByRole('button', { name: 'Log out' }).waitFor();
  }

  const list = () => patient.page.locator('[data-testid="unfinished"]');

  /** What was begun is carried on, and is there once. */
  async function carryOn(more) {
    await list().waitFor();
    await list().getByRole('button', { name: 'Continue' }).click();
    await more?.();
    await patient.page.waitForURL(/#\/r\/\d+$/);
    expected += 1;
    await once();
  }

  async function once() {
    await until('one record, and nothing left to do', async () => {
      await stage.go(patient, '/network');
      await stage.go(patient, '/patient');
      return await records() === expected && await list().count() === 0;
    });
    // It stays so: nothing comes late.
    await patient.page.waitForTimeout(1000);
    ensure(await records() === expected && await list().count() === 0, 'something came late');
    ensure(await orphans() === orphansBefore, 'something in the store belongs to no record');
  }

  /** Holds what the page tells the node of transactions; `tried` waits until it does. */
  async function hold(test, isHeard = true) {
    let isTried = false;
    await patient.page.close();
    await stage.tab(patient);
    await patient.page.routeWebSocket(/\/rpc$/, (page) => {
      const server = page.connectToServer();
      let isHeld = false;
      page.onMessage((message) => {
        if (test.test(message)) {
          isHeld = true;
          if (!isHeard) server.send(message);
          isTried = true;
        } else if (!isHeld) server.send(message);
      });
      server.onMessage((message) => { if (!isHeld) page.send(message); });
    });
    await stage.unlock(patient);
    return { tried: () => until('the transaction', () => isTried) };
  }

  await stage.step('closed while the wallet asks: nothing was begun', async () => {
    patient.wallet.answer = 'wait';
    await begin();
    await until('the wallet', () => patient.wallet.waiting !== undefined);
    await reopen();
    patient.wallet.answer = 'sign';
    await once();
  });

  await stage.step('closed while the film is stored', async () => {
    await stage.unlock(patient);
    let isStoring = false;
    await patient.context.route('**/ipfs/**', (route) => {
      // Held for ever, as by a network that hangs.
      if (route.request().method() === 'PUT') isStoring = true;
      else void route.continue();
    });
    await begin();
    await until('the store', () => isStoring);
    await reopen();
    await patient.context.unroute('**/ipfs/**');
    await list().waitFor();
    await stage.look(patient, 'unfinished');
    await stage.accessible(patient, 'unfinished');
    await carryOn();
  });

  await stage.step('closed when it is stored and not sent', async () => {
    const { tried } = await hold(/transaction(Watch)?_v1_|author_submit/);
    await begin();
    await tried();
    await reopen();
    await carryOn();
  });

  await stage.step('closed when it is sent, and nobody heard of the block', async () => {
    const { tried } = await hold(/transaction(Watch)?_v1_|author_submit/, false);
    await begin();
    await tried();
    await until('the block', async () => await records() === expected + 1);
    await reopen();
    expected += 1;
    // It is on the chain for good: there is nothing to continue.
    await once();
  });

  await stage.step('another transaction took its place: it is signed again, once', async () => {
    const { tried } = await hold(/transaction(Watch)?_v1_|author_submit/);
    await begin();
    await tried();
    await reopen();
    await medchain(chain, 'transfer', '//Bob', '1', '--dev', '--suri', uri, '-y');
    const { asked } = patient.wallet;
    await carryOn(() => stage.agree(patient, 'Add the record'));
    ensure(patient.wallet.asked === asked + 1, 'the wallet was not asked once');
  });

  await stage.step('the server fails during the upload: the same file is not uploaded twice', async () => {
    await stage.unlock(patient);
    await patient.context.route('**/ipfs/**', (route) => (route.request().method() === 'PUT' ? route.abort() : route.continue()));
    await begin();
    await patient.page.locator('li[data-step="begun"]').waitFor();
    ensure(await patient.page.getByRole('button', { name: 'Upload', exact: true }).isDisabled(), 'it can be uploaded again');
    await patient.context.unroute('**/ipfs/**');
    await carryOn();
  });

  await stage.step('given up before anything was stored: nothing is said to be left', async () => {
    await stage.unlock(patient);
    const { page, context } = patient;
    await context.route('**/ipfs/**', (route) => (route.request().method() === 'PUT' ? route.abort() : route.continue()));
    await begin();
    await page.locator('li[data-step="begun"]').waitFor();
    await context.unroute('**/ipfs/**');
    await medchain(chain, 'transfer', '//Bob', '1', '--dev', '--suri', uri, '-y');
    await list().getByRole('button', { name: 'Give up' }).click();
    await list().waitFor({ state: 'detached' });
    await once();
    const said = page.locator('.notice').getByText('may still have the encrypted file');
    ensure(await said.count() === 0, 'nothing was stored, and something is said to be left');
  });

  await stage.step('what the chain refuses leaves nothing in the store', async () => {
    // A patient whose policy lets nobody add a record.
    const other = `//Other//${randomBytes(8).toString('hex')}`;
    const theirs = account(other, 'Other').pair.address;
    await medchain(chain, 'transfer', theirs, '100', '--dev', '--suri', '//Alice', '-y', '--in-block');
    await medchain(chain, 'patient', 'register', '--dev', '--suri', other, '-y', '--in-block');
    const { page } = patient;
    await stage.unlock(patient);
    await stage.go(patient, '/upload');
    await page.getByLabel('another patient').check();
    await page.getByLabel('Account of the patient').fill(theirs);
    await page.locator('[data-testid="files"]').setInputFiles({ name: 'film.png', mimeType: 'image/png', buffer: film(90, 200) });
    await page.locator('li[data-step="ready"] img').waitFor();
    await page.getByLabel('Model').selectOption('none');
    let stored = 0;
    page.on('request', (request) => { if (request.method() === 'PUT') stored += 1; });
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await stage.agree(patient, 'Add the record', 'failed');
    await page.locator('li[data-step="failed"]').waitFor();
    ensure(stored > 0, 'it was refused before anything was stored');
    await until('the store lets go of it', async () => await orphans() === orphansBefore);
    await page.locator('[data-testid="leftovers"]').waitFor({ state: 'detached' });
  });

  await stage.step('what is begun is not given up while it may come', async () => {
    const { tried } = await hold(/transaction(Watch)?_v1_|author_submit/);
    await begin();
    await tried();
    await reopen();
    await list().getByRole('button', { name: 'Give up' }).click();
    await patient.page.locator('.notice.error').getByText('may still come').waitFor();
    await carryOn();
    return `${expected} films, ${await records()} records`;
  });

  await stage.step('another account is chosen while the wallet asks: nothing is begun, and nothing more is asked', async () => {
    const accounts = ['First', 'Second'].map((name) => account(`//${name}//${randomBytes(8).toString('hex')}`, name));
    await medchain(chain, 'transfer', accounts[0].pair.address, '200', '--dev', '--suri', '//Alice', '-y', '--in-block');
    const both = await stage.person(accounts);
    const { page, wallet } = both;
    await stage.arrive(both, 'First');
    await stage.go(both, '/upload');
    const films = [101, 102].map((shade) => ({ name: `film-${shade}.png`, mimeType: 'image/png', buffer: film(shade, 200) }));
    await page.locator('[data-testid="files"]').setInputFiles(films);
    await until('two films', async () => await page.locator('li[data-step="ready"] img').count() === 2);
    await page.getByLabel('Model').selectOption('none');
    wallet.answer = 'wait';
    await page.getByRole('button', { name: 'Upload 2 files', exact: true }).click();
    await page.getByRole('dialog').getByText('Add the record', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Continue in the wallet' }).click();
    await until('the wallet', () => wallet.waiting !== undefined);
    await stage.go(both, '/sign-in');
    await page.getByRole('button', { name: 'test-wallet' }).click();
    await page.getByLabel('Second').check();
    // The second account has no key yet.
    await page.getByLabel('Passphrase again').waitFor();
    wallet.answer = 'sign';
    wallet.waiting();
    await page.locator('.notice').getByText('Another account was chosen meanwhile').waitFor();
    await page.waitForTimeout(1000);
    ensure(await page.getByRole('dialog').count() === 0, 'the second account was asked about the other film');
    ensure((await stage.kept(both, 'uploads')).length === 0, 'something was begun');
    ensure(await orphans() === orphansBefore, 'something was stored');
    await stage.leave(both);
  });

  // The last one: what is erased stays in the store until whoever runs it looks.
  await stage.step('a rotation that has to be signed again says what it erases', async () => {
    const reader = `//Reader//${randomBytes(8).toString('hex')}`;
    const theirs = account(reader, 'Reader').pair.address;
    await medchain(chain, 'transfer', theirs, '100', '--dev', '--suri', '//Alice', '-y', '--in-block');
    await medchain(chain, 'patient', 'register', '--dev', '--suri', reader, '-y', '--in-block');
    let isRotating = false;
    const { tried } = await hold({ test: (message) => isRotating && /transaction(Watch)?_v1_|author_submit/.test(message) });
    const { page } = patient;
    await stage.go(patient, '/patient');
    const newest = page.getByRole('link', { name: /^Open Record \d+$/ }).first();
    const record = (await newest.getAttribute('href')).split('/').pop();
    await newest.click();
    await page.getByLabel('Give the key to an account').fill(theirs);
    await page.getByRole('button', { name: 'Give the key', exact: true }).click();
    await stage.agree(patient, 'Give the key');
    await stage.go(patient, '/access');
    await page.getByRole('button', { name: `Revoke ${theirs}` }).click();
    await stage.agree(patient, 'Revoke access');
    await page.getByLabel('Also erase the former version').check();
    isRotating = true;
    await page.getByRole('button', { name: `New key for record ${record}`, exact: true }).click();
    await page.getByRole('button', { name: 'Continue in the wallet' }).click();
    await tried();
    await reopen();
    await medchain(chain, 'transfer', '//Bob', '1', '--dev', '--suri', uri, '-y');
    await list().getByRole('button', { name: 'Continue' }).click();
    const question = patient.page.getByRole('dialog');
    await question.getByText(`Record ${record} is erased with its keys`).waitFor();
    await question.getByText('Utility.batch_all', { exact: true }).waitFor();
    await stage.agree(patient, 'Give a record a new key');
    await patient.page.waitForURL(/#\/r\/\d+$/);
    await stage.go(patient, `/r/${record}`);
    await patient.page.getByText('chest X-ray, erased').waitFor();
  });
  await stage.leave(patient);
}
