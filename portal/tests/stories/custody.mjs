// While the patient is away: custodians keep keys, readers request them, somebody breaks the glass.
import { randomBytes } from 'node:crypto';

import { film } from '../png.mjs';
import { ensure, PATIENCE, until } from '../stage.mjs';
import { account } from '../wallet.mjs';
import { custodian, medchain } from '../world.mjs';

const uri = (role) => `//${role}//${randomBytes(8).toString('hex')}`;
const named = (role) => account(uri(role), role);

/** Accounts with money, and a role where a provider's is given. */
async function settle(chain, people) {
  const alice = ['--dev', '--suri', '//Alice', '-y', '--in-block'];
  for (const [{ pair }, role] of people) {
    await medchain(chain, 'transfer', pair.address, '200', ...alice);
    if (role) await medchain(chain, 'provider', 'add', pair.address, role, ...alice);
  }
}

/**
 * The first half, which `recovery` tells alone: two custodians keep a key, and give it to a reader
 * whom the policy lets in, and to nobody else.
 */
export async function keep(stage) {
  const { chain } = stage;
  const secrets = [uri('Custodian'), uri('Custodian')];
  const custodians = secrets.map((one) => account(one, 'Custodian'));
  const keepers = custodians.map(({ pair }) => pair.address);
  const people = { patient: named('Patient'), reader: named('Reader') };
  await settle(chain, [...Object.values(people).map((one) => [one]), ...custodians.map((one) => [one, 'custodian'])]);
  for (const one of secrets) await medchain(chain, 'custodian', 'register', '--dev', '--suri', one, '-y', '--in-block');

  const patient = await stage.person([people.patient]);
  const { page } = patient;
  const { address } = people.patient.pair;
  let record;

  await stage.step('a patient chooses two custodians, of whom both are needed', async () => {
    await stage.arrive(patient, 'Patient');
    await stage.go(patient, '/access');
    await page.getByRole('button', { name: 'Use MedChain’s policy' }).click();
    await stage.agree(patient, 'Choose a policy');
    const card = page.locator('[data-testid="custodians"]');
    for (const one of keepers) await card.getByRole('checkbox', { name: one }).check();
    await card.getByLabel('How many together').fill('3');
    await card.getByRole('button', { name: 'Choose these custodians' }).click();
    await page.locator('.notice.error').getByText('from 1 to 2').waitFor();
    await card.getByLabel('How many together').fill('2');
    await card.getByRole('button', { name: 'Choose these custodians' }).click();
    await stage.agree(patient, 'Choose custodians');
    await page.locator('[data-testid="group"]').getByText('Any 2 of these 2').waitFor();
    const shown = JSON.parse(await medchain(chain, 'custodians', 'show', address, '--json'));
    ensure(shown.threshold === 2 && keepers.every((one) => shown.custodians.includes(one)), JSON.stringify(shown));
  });

  await stage.step('new records are entrusted with the upload', async () => {
    record = await stage.upload(patient, film(12, 220), 'new.png');
    await stage.go(patient, `/r/${record}`);
    await page.locator('[data-testid="keepers"]').getByText('2 of 2 custodians').waitFor();
  });

  for (const one of secrets) custodian(chain, one);
  const reader = await stage.person([people.reader]);

  await stage.step('a request without a grant is denied', async () => {
    await stage.arrive(reader, 'Reader', 'Publish my key only');
    await stage.go(reader, `/r/${record}`);
    await reader.page.getByLabel('Purpose').selectOption('Treatment');
    await stage.look(reader, 'request');
    await stage.accessible(reader, 'request');
    await reader.page.getByRole('button', { name: 'Request access' }).click();
    await stage.agree(reader, 'Request access');
    await reader.page.locator('[data-testid="asked"]').getByText('granted this account nothing').waitFor();
    const kept = await reader.page.evaluate(() => new Promise((resolve) => {
      indexedDB.open('medchain').onsuccess = ({ target }) => {
        target.result.transaction('replies').objectStore('replies').count().onsuccess = (event) => resolve(event.target.result);
      };
    }));
    ensure(kept === 0, 'the secret of a denied request is kept');
  });

  await stage.step('with a grant, the custodians give the key, and it outlasts the tab', async () => {
    await stage.go(patient, '/access');
    await page.getByLabel('Account', { exact: true }).fill(people.reader.pair.address);
    await page.getByLabel('Also give the keys').uncheck();
    await page.getByRole('button', { name: 'Grant', exact: true }).click();
    await stage.agree(patient, 'Grant access');
    await reader.page.getByRole('button', { name: 'Request access' }).click();
    await stage.agree(reader, 'Request access');
    await reader.page.locator('[data-testid="film"]').waitFor({ timeout: 3 * PATIENCE });
    await stage.look(reader, 'request-answered');
    // The secret of the request is in this browser's database, sealed to its key.
    await stage.unlock(reader);
    await stage.go(reader, `/r/${record}`);
    await reader.page.locator('[data-testid="film"]').waitFor();
    await stage.go(reader, '/shared');
    await reader.page.locator('[data-testid="requests"]').getByText('2 of 2').waitFor();
    await stage.look(reader, 'shared-requests');
    await stage.accessible(reader, 'shared-requests');
    await stage.go(patient, '/history');
    await stage.go(patient, '/access');
    await page.locator('[data-testid="requests"]').getByText('2 of 2').waitFor();
  });

  return { people, patient, reader, record };
}

export default async function tell(stage) {
  const { chain } = stage;
  const { people: { patient: { pair: { address } } }, patient, reader, record } = await keep(stage);
  const { page } = patient;
  const people = { clinician: named('Clinician'), other: named('Clinician'), late: named('Clinician') };
  await settle(chain, Object.values(people).map((one) => [one, 'clinician']));

  await stage.step('a denial is in the history of the patient', async () => {
    // In the patient's history once its block is final.
    const denied = page.locator('[data-testid="history"]').getByText('Custody.AccessDenied').first();
    await until('the denial in the history', async () => {
      await stage.go(patient, '/access');
      await stage.go(patient, '/history');
      await page.locator('[data-testid="read"]').waitFor();
      return await denied.count() > 0;
    });
  });

  await stage.step('a record is withdrawn from custody, and entrusted on its page', async () => {
    const another = await stage.upload(patient, film(11, 220));
    await stage.go(patient, `/r/${another}`);
    const card = page.locator('[data-testid="keepers"]');
    await card.getByText('2 of 2 custodians').waitFor();
    await card.getByRole('button', { name: 'Withdraw from custody' }).click();
    await stage.agree(patient, 'Withdraw from custody');
    await card.getByText('No custodian keeps').waitFor();
    await card.getByRole('button', { name: 'Entrust to my custodians' }).click();
    await stage.agree(patient, 'Entrust the record');
    await card.getByText('2 of 2 custodians').waitFor();
  });

  await stage.step('a request of another browser is not opened here, but made anew', async () => {
    await reader.page.evaluate(() => new Promise((resolve) => {
      indexedDB.open('medchain').onsuccess = ({ target }) => {
        target.result.transaction('replies', 'readwrite').objectStore('replies').clear().onsuccess = resolve;
      };
    }));
    await stage.go(reader, `/r/${record}`);
    await reader.page.locator('[data-testid="running"]').getByText('another browser').waitFor();
    await reader.page.getByRole('button', { name: 'Request again' }).click();
    await stage.agree(reader, 'Request access');
    await reader.page.locator('[data-testid="film"]').waitFor({ timeout: 3 * PATIENCE });
  });

  /** A clinician opens the record in an emergency. */
  async function breaks(one, name) {
    await stage.arrive(one, name, 'Publish my key only');
    await stage.go(one, `/r/${record}`);
    const button = one.page.getByRole('button', { name: 'Break the glass' });
    await one.page.locator('summary').getByText('Break the glass').click();
    await one.page.getByText('are held from you as a bond').waitFor();
    await one.page.getByText('It is public, for ever').waitFor();
    await one.page.getByText('ethics committee judges').waitFor();
    ensure(await button.isDisabled(), 'it can be done without having read what follows');
    await one.page.getByLabel('I know what follows.').check();
    return button;
  }

  const clinician = await stage.person([people.clinician]);

  await stage.step('a clinician breaks the glass, knowing what follows, and the patient accepts', async () => {
    const button = await breaks(clinician, 'Clinician');
    await clinician.page.getByLabel('Reason').selectOption('CannotConsent');
    await stage.look(clinician, 'break-the-glass');
    await stage.accessible(clinician, 'break-the-glass');
    await button.click();
    await clinician.page.getByRole('dialog').getByText('The bond comes back unless').waitFor();
    await stage.agree(clinician, 'Break the glass');
    await clinician.page.locator('[data-testid="film"]').waitFor({ timeout: 3 * PATIENCE });
    await stage.go(clinician, '/shared');
    await clinician.page.locator('[data-testid="my-emergencies"] [data-status="Open"]').waitFor();
    await stage.go(patient, '/history');
    await stage.go(patient, '/access');
    const open = page.locator('[data-testid="emergencies"] [data-status="Open"]');
    await open.getByText('the patient cannot be asked').waitFor();
    await open.getByText(people.clinician.pair.address).first().waitFor({ state: 'attached' });
    await stage.look(patient, 'access-emergency');
    await stage.accessible(patient, 'access-emergency');
    await open.getByRole('button', { name: 'Accept' }).click();
    await page.getByRole('dialog').getByText('gets its bond back').waitFor();
    await stage.agree(patient, 'Accept the emergency');
    await page.locator('[data-testid="emergencies"] [data-status="Accepted"]').waitFor();
  });

  const other = await stage.person([people.other]);

  await stage.step('another emergency is rejected, and its access ends', async () => {
    const button = await breaks(other, 'Clinician');
    await button.click();
    await stage.agree(other, 'Break the glass');
    await other.page.locator('[data-testid="film"]').waitFor({ timeout: 3 * PATIENCE });
    await stage.go(patient, '/history');
    await stage.go(patient, '/access');
    await page.locator('[data-testid="emergencies"] [data-status="Open"]').getByRole('button', { name: 'Reject' }).click();
    await page.getByRole('dialog').getByText('Its bond is burned').waitFor();
    await stage.agree(patient, 'Reject the emergency');
    const rejected = page.locator('[data-testid="emergencies"] [data-status="Rejected"]');
    await rejected.waitFor();
    ensure(await rejected.getByRole('button').count() === 0, 'the patient can take the own no back');
    await stage.go(other, '/shared');
    await other.page.locator('[data-testid="my-emergencies"] [data-status="Rejected"]').waitFor();
    await stage.go(other, `/r/${record}`);
    await other.page.getByText('You have no key for this record').waitFor();
    const listed = JSON.parse(await medchain(chain, 'emergency', 'list', '--json'));
    const theirs = listed.emergencies.filter(({ subject }) => subject === people.other.pair.address);
    ensure(theirs.length === 1 && theirs[0].status === 'rejected' && theirs[0].rejected_by === address, `the command line says ${JSON.stringify(theirs)}`);
  });

  const late = await stage.person([people.late]);

  await stage.step('where the patient forbids emergencies, the chain refuses in its own words', async () => {
    await page.getByRole('button', { name: 'Forbid emergencies' }).click();
    await stage.agree(patient, 'Forbid emergencies');
    await page.getByRole('button', { name: 'Allow emergencies' }).waitFor();
    await (await breaks(late, 'Clinician')).click();
    await stage.agree(late, 'Break the glass', 'failed');
    await late.page.locator('.notice.failed').getByText('Custody.EmergencyOptedOut').waitFor();
  });

  await stage.step('custodians and emergencies in German', async () => {
    await page.getByLabel('Language').selectOption('de');
    await page.getByRole('heading', { name: 'Verwahrer' }).waitFor();
    await page.getByRole('button', { name: 'Notfallzugriff erlauben' }).waitFor();
    await stage.look(patient, 'access-german');
    await page.getByLabel('Sprache').selectOption('en');
  });

  await stage.step('no page reported an error while custodians served', async () => {
    stage.quiet([patient, reader, clinician, other, late], /^$/);
  });
  for (const one of [patient, reader, clinician, other, late]) await stage.leave(one);
}
