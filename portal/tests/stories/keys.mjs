// What becomes of a key: another one in another browser, and what was sealed to the first.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { film } from '../png.mjs';
import { ensure, PASSPHRASE } from '../stage.mjs';
import { account } from '../wallet.mjs';
import { isPatient, keyFile, medchain, readFileSync, scratch, shownKey } from '../world.mjs';

export default async function tell(stage) {
  const owner = account(`0x${randomBytes(32).toString('hex')}`, 'Owner');
  await medchain(stage.chain, 'transfer', owner.pair.address, '200', '--dev', '--suri', '//Alice', '-y', '--in-block');
  const backup = join(scratch, 'owner-backup.json');
  let record;

  /** A browser that has no key of the account yet makes one. */
  const another = async () => {
    const one = await stage.person([owner]);
    const { page } = one;
    await stage.open(one, '/sign-in');
    await page.getByRole('button', { name: 'test-wallet' }).click();
    await page.getByLabel('Owner').check();
    await page.getByLabel('Passphrase', { exact: false }).first().fill(PASSPHRASE);
    await page.getByLabel('Passphrase again').fill(PASSPHRASE);
    await page.getByRole('button', { name: 'Make a new key' }).click();
    await page.getByLabel('I have kept the file').check();
    await page.getByText('The chain has another key for this account').waitFor();
    return one;
  };

  const first = await stage.person([owner]);
  await stage.step('a key file can be had again', async () => {
    await stage.arrive(first, 'Owner');
    const coming = first.page.waitForEvent('download');
    await first.page.getByRole('button', { name: 'Download the backup again' }).click();
    await (await coming).saveAs(backup);
    ensure(JSON.parse(readFileSync(backup, 'utf8')).encoding.type.includes('scrypt'), 'it is no key file');
    record = await stage.upload(first, film(41));
  });

  const second = await another();
  await stage.step('whoever made a second key is warned, and opens the backup of the first instead', async () => {
    const { page } = second;
    await page.getByRole('button', { name: 'Replace the key on the chain' }).click();
    const question = page.getByRole('dialog');
    await question.getByText('1 record can be opened with the former key alone').waitFor();
    await question.getByText('The former key is not in this browser.').waitFor();
    await question.getByRole('button', { name: 'Cancel' }).click();
    await stage.look(second, 'sign-in-other-key');
    await stage.accessible(second, 'sign-in with another key');
    await stage.restore(second, backup);
    await page.getByText('You are signed in.').waitFor();
    await page.getByText('A former key is open too').waitFor();
    await stage.go(second, `/r/${record}`);
    await page.locator('[data-testid="film"]').waitFor();
  });

  const third = await another();
  await stage.step('a key that is replaced still opens what was sealed to it, once its backup is there', async () => {
    const { page } = third;
    await page.getByRole('button', { name: 'Replace the key on the chain' }).click();
    await stage.agree(third, 'Publish your key');
    await page.getByText('1 record can be opened with a former key alone.').waitFor();
    await stage.go(third, `/r/${record}`);
    await page.getByText('Your key for this record does not open').waitFor();
    await stage.go(third, '/sign-in');
    await page.getByRole('button', { name: 'Open another key’s backup' }).click();
    await stage.restore(third, backup);
    await page.getByText('A former key is open too').waitFor();
    // The new key is the account's still.
    await page.getByText('You are signed in.').waitFor();
    await stage.go(third, `/r/${record}`);
    await page.locator('[data-testid="film"]').waitFor();
  });

  await stage.step('both open with their passphrase, and the records are sealed to the new key', async () => {
    const { page } = third;
    await stage.unlock(third);
    await page.getByText('A former key is open too').waitFor();
    await page.getByRole('button', { name: 'Seal them to the new key' }).click();
    await stage.agree(third, 'Seal your records again');
    await page.getByText('can be opened with a former key alone').waitFor({ state: 'detached' });
    await stage.go(third, `/r/${record}`);
    await page.locator('[data-testid="film"]').waitFor();
    // The first browser has the former key alone.
    await stage.unlock(first);
    await stage.go(first, `/r/${record}`);
    await first.page.getByText('Your key for this record does not open').waitFor();
  });

  const seed = `0x${randomBytes(32).toString('hex')}`;
  const clerk = account(seed, 'Clerk');
  const theirs = await keyFile('clerk.key', seed, PASSPHRASE);
  await medchain(stage.chain, 'transfer', clerk.pair.address, '200', '--dev', '--suri', '//Alice', '-y', '--in-block');
  const alone = await stage.person([]);
  const { page } = alone;
  let film2;

  await stage.step('without a wallet, an account signs with its key file', async () => {
    const open = async (path, passphrase) => {
      await page.locator('input[type="file"]').setInputFiles(path);
      await page.getByLabel('Its passphrase').fill(passphrase);
      await page.getByRole('button', { name: 'Sign in with a key file' }).click();
    };
    await stage.open(alone, '/sign-in');
    await page.getByRole('button', { name: 'Use a key file instead of a wallet' }).click();
    await stage.look(alone, 'sign-in-file');
    await stage.accessible(alone, 'sign-in with a file');
    // The backup of an encryption key is no account's.
    await open(backup, PASSPHRASE);
    await page.getByRole('alert').getByText('signs nothing').waitFor();
    await open(theirs, 'not this one at all');
    await page.getByRole('alert').getByText('does not open').waitFor();
    await open(theirs, PASSPHRASE);
    await page.getByText('Your key is open.').waitFor();
    await page.getByRole('button', { name: 'Register as a patient' }).click();
    await page.getByRole('dialog').getByText('Fee').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    ensure(!await isPatient(stage.chain, clerk.pair.address), 'it signed without a yes');
    await page.getByRole('button', { name: 'Register as a patient' }).click();
    await stage.agree(alone, 'Register as a patient');
    await page.getByText('You are signed in.').waitFor();
    const shown = JSON.parse(await medchain(stage.chain, 'patient', 'show', clerk.pair.address, '--json'));
    const { encryption_key: key } = await shownKey(theirs, PASSPHRASE);
    ensure(shown.encryption_key === key, `the command line has ${key}, the chain ${shown.encryption_key}`);
    film2 = await stage.upload(alone, film(42));
  });

  await stage.step('a reader’s key that is another than before stops, until it is said to be theirs', async () => {
    const { address } = owner.pair;
    const give = async () => {
      await page.getByLabel('Give the key to an account').fill(address);
      await page.getByRole('button', { name: 'Give the key', exact: true }).click();
    };
    await stage.go(alone, `/r/${film2}`);
    await give();
    await stage.agree(alone, 'Give the key');
    // The owner goes back to the first key, which the second browser has.
    await stage.unlock(second);
    const before = await second.page.getByText('Its public half').locator('.mono').innerText();
    await second.page.getByRole('button', { name: 'Replace the key on the chain' }).click();
    await stage.agree(second, 'Publish your key');
    await give();
    const question = page.getByRole('dialog', { name: 'The key of this account has changed' });
    await question.getByText(address).first().waitFor();
    // It can be compared with what the owner’s own page says.
    await question.getByText(before).waitFor();
    const accept = question.getByRole('button', { name: 'Seal to the new key' });
    ensure(await accept.isDisabled(), 'it can be accepted without a word');
    await stage.look(alone, 'changed-key');
    await stage.accessible(alone, 'a changed key');
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'hidden' });
    ensure(await page.getByRole('dialog').count() === 0, 'it goes on');
    // It is asked again, also on a chain that nobody has heard of, and once accepted, no more.
    const moved = await stage.moveKnown(alone);
    ensure(moved === 1, `${moved} keys of others are known`);
    await give();
    await question.getByText(before).waitFor();
    await question.getByLabel('I have asked the owner').check();
    await accept.click();
    await stage.agree(alone, 'Give the key');
    await stage.go(second, `/r/${film2}`);
    await second.page.locator('[data-testid="film"]').waitFor();
  });

  await stage.step('its key file is kept locked, until the user logs out', async () => {
    await stage.unlock(alone);
    await page.getByText('This account signs with its key file.').waitFor();
    await stage.go(alone, `/r/${film2}`);
    await page.locator('[data-testid="film"]').waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('You are logged out').waitFor();
    await page.getByRole('button', { name: 'Use a key file instead of a wallet' }).waitFor();
    await stage.go(alone, `/r/${film2}`);
    await page.getByText('Sign in to see this page.').waitFor();
    ensure(await page.locator('[data-testid="film"]').count() === 0, 'the film is shown still');
    await stage.open(alone, '/sign-in');
    await page.reload();
    await page.getByRole('button', { name: 'Use a key file instead of a wallet' }).waitFor();
    ensure(await page.evaluate(() => localStorage.getItem('medchain.account')) === null, 'the account is remembered');
  });

  const twins = await stage.person([account(`0x${randomBytes(32).toString('hex')}`, 'Twin')]);
  await stage.step('two tabs that make a key each lose none, and are logged out together', async () => {
    const one = twins.page;
    await stage.open(twins, '/sign-in');
    await one.getByRole('button', { name: 'test-wallet' }).click();
    await one.getByLabel('Twin').check();
    await one.getByText('This browser has no encryption key').waitFor();
    // The second tab remembers the account.
    const two = await stage.tab(twins);
    await stage.open(twins, '/sign-in');
    await two.getByText('This browser has no encryption key').waitFor();
    const publics = [];
    for (const tab of [two, one]) {
      await tab.getByLabel('Passphrase', { exact: false }).first().fill(PASSPHRASE);
      await tab.getByLabel('Passphrase again').fill(PASSPHRASE);
      await tab.getByRole('button', { name: 'Make a new key' }).click();
      await tab.getByText('Your key is open.').waitFor();
      publics.push(await tab.getByText('Its public half').locator('.mono').innerText());
    }
    await one.getByText('A former key of this account is in this browser, locked.').waitFor();
    // The second tab's key is not the account's own any more: it does not take that place again.
    await two.getByLabel('I have kept the file').check();
    await two.getByRole('alert').getByText('closed or changed meanwhile').waitFor();
    const kept = await stage.vaults(twins);
    ensure(kept.length === 2 && publics.every((key) => kept.some((vault) => vault.public === key)), `${kept.length} keys are kept`);
    const own = kept.find(({ id }) => id.split('/').length === 2);
    ensure(own?.public === publics[1] && !own.backedUp, 'another key is the account’s');
    await one.getByRole('button', { name: 'Log out' }).click();
    await one.getByText('You are logged out').waitFor();
    await two.getByText('You are logged out').waitFor();
    ensure(await two.getByRole('button', { name: 'Log out' }).count() === 0, 'the other tab is signed in still');
  });

  await stage.step('no page reported an error', () => stage.quiet([first, second, third, alone, twins], /WebSocket|ERR_CONNECTION/));
}
