// A passkey beside the passphrase: added, enough alone, and removed; an authenticator that computes
// no secret; and a page at an address, which passkeys do not work at.
import { randomBytes } from 'node:crypto';

import { film } from '../png.mjs';
import { ensure } from '../stage.mjs';
import { account } from '../wallet.mjs';
import { medchain } from '../world.mjs';

export default async function tell(stage) {
  const owner = account(`0x${randomBytes(32).toString('hex')}`, 'Owner');
  await medchain(stage.chain, 'transfer', owner.pair.address, '200', '--dev', '--suri', '//Alice', '-y', '--in-block');
  const one = await stage.person([owner]);
  const { page } = one;
  const origin = `http://localhost:${stage.port}/`;
  const add = page.getByRole('button', { name: 'Add a passkey' });
  const use = page.getByRole('button', { name: 'Open with the passkey' });

  /** How many keys of this browser have a passkey. */
  const kept = async () => (await stage.vaults(one)).filter(({ passkey }) => passkey).length;

  await stage.step('at an address, the page says at which name passkeys work', async () => {
    await stage.open(one, '/sign-in');
    await page.getByRole('button', { name: 'test-wallet' }).click();
    await page.getByLabel('Owner').check();
    await page.getByRole('link', { name: `${origin}#/sign-in` }).click();
    await page.waitForURL((url) => url.hostname === 'localhost');
    one.origin = origin;
  });

  // The browser's own authenticator; it says yes for the user.
  const devtools = await one.context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const authenticator = async (hasPrf) => {
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasPrf,
        hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
      },
    });
    return () => devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
  };

  await stage.step('an authenticator that computes no secret is refused, and nothing is kept', async () => {
    await stage.arrive(one, 'Owner');
    const remove = await authenticator(false);
    await add.click();
    await page.getByRole('alert').getByText('cannot compute a secret').waitFor();
    ensure(await kept() === 0, 'something was kept');
    await remove();
    await stage.unlock(one);
    ensure(await page.getByRole('alert').count() === 0 && await add.count() === 1, 'there is a passkey');
  });

  let record;
  await stage.step('a passkey is added', async () => {
    await authenticator(true);
    await add.click();
    await page.getByText('A passkey opens this key in this browser').waitFor();
    ensure(await kept() === 1, 'it was not kept');
    await stage.look(one, 'sign-in-passkey');
    await stage.accessible(one, 'sign-in with a passkey');
    record = await stage.upload(one, film(43));
  });

  await stage.step('the passkey alone opens the key, and the key an envelope', async () => {
    await stage.open(one, '/sign-in');
    await page.reload();
    await use.click();
    await page.getByText('Your key is open.').waitFor();
    await stage.go(one, `/r/${record}`);
    await page.locator('[data-testid="film"]').waitFor();
  });

  await stage.step('the passphrase opens it as before, also once the passkey is removed', async () => {
    await stage.unlock(one);
    await page.getByRole('button', { name: 'Remove the passkey' }).click();
    await add.waitFor();
    ensure(await kept() === 0, 'it is kept still');
    await stage.unlock(one);
    ensure(await add.count() === 1 && await use.count() === 0, 'there is a passkey');
  });

  await stage.step('no page reported an error', () => stage.quiet([one], /WebSocket|ERR_CONNECTION/));
}
