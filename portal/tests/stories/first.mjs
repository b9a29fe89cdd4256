// A patient from the first visit to the last: a key, a film, a verdict, a doctor who reads and is
// revoked, a report.
import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { core } from '../core.mjs';
import { film } from '../png.mjs';
import { ensure, HOSTILE, PASSPHRASE, PATIENCE, until } from '../stage.mjs';
import { account } from '../wallet.mjs';
import { file, isPatient, keyFile, medchain, readFileSync, refuses, root, scratch, shownKey } from '../world.mjs';

/** Of a key file of the command line; shorter than the page's own may be. */
const THEIRS = 'staple 77';

/** How old somebody is today. */
function ageOf(born) {
  const [today, birth] = [new Date(), new Date(`${born}T00:00`)];
  const since = today.getMonth() - birth.getMonth() || today.getDate() - birth.getDate();
  return today.getFullYear() - birth.getFullYear() - (since < 0 ? 1 : 0);
}

export default async function tell(stage) {
  const seed = () => `0x${randomBytes(32).toString('hex')}`;
  const patientSeed = seed();
  const people = { patient: account(patientSeed, 'Patient') };
  const doctorSeed = seed();
  people.doctor = account(doctorSeed, 'Doctor');
  const doctorKey = await keyFile('doctor.key', doctorSeed, THEIRS);
  const asDoctor = ['--key', doctorKey, '--passphrase-file', file('doctor.passphrase', `${THEIRS}\n`), '-y'];
  const patientKey = await keyFile('backup-of-the-wallet.key', patientSeed, THEIRS);
  const asPatient = ['--key', patientKey, '--passphrase-file', file('patient.passphrase', `${THEIRS}\n`), '-y'];
  for (const { pair } of Object.values(people)) {
    await medchain(stage.chain, 'transfer', pair.address, '200', '--dev', '--suri', '//Alice', '-y', '--in-block');
  }

  let record;
  /** What the patient reads of it. */
  let verdict;
  /** The text of the code of a report on it. */
  let code;
  /** The encryption key that the command line derives from the patient's backup. */
  let backupKey;
  const image = film(Number.parseInt(randomBytes(1).toString('hex'), 16));

  await stage.step('without a wallet, the network can be seen', async () => {
    const guest = await stage.person([]);
    const started = Date.now();
    await stage.open(guest, '/network');
    await guest.page.locator('[data-testid="workers"] tbody tr').first().waitFor();
    const first = Date.now() - started;
    await guest.page.getByText('medchain-vgg16').first().waitFor();
    await guest.page.getByRole('button', { name: 'Numbers of its card medchain-vgg16' }).first().click();
    await guest.page.locator('[data-testid="card"]').getByText('recall covid').waitFor();
    const counts = guest.page.locator('[data-testid="collators"] tbody td:nth-child(2)');
    await counts.filter({ hasText: /[1-9]/ }).first().waitFor();
    ensure(await guest.page.getByRole('heading', { name: 'My requests for predictions' }).count() === 0, 'a guest has requests');
    await stage.look(guest, 'network');
    await stage.accessible(guest, 'network');
    await stage.open(guest, '/sign-in');
    await guest.page.getByText('This browser has no wallet').waitFor();
    await stage.look(guest, 'sign-in-no-wallet');
    ensure(guest.problems.length === 0, guest.problems.join('\n'));
    await stage.leave(guest);
    return `after ${first} ms`;
  });

  const patient = await stage.person([people.patient, account('//Bob', 'Another')]);
  const { page } = patient;

  await stage.step('sign in with a wallet, and make a key', async () => {
    await stage.open(patient, '/sign-in');
    await page.getByRole('button', { name: 'test-wallet' }).click();
    await page.getByLabel('Patient').check();
    await stage.look(patient, 'sign-in');
    await stage.accessible(patient, 'sign-in');
    await page.getByLabel('Passphrase', { exact: false }).first().fill('short');
    await page.getByRole('button', { name: 'Make a new key' }).click();
    await page.getByRole('alert').getByText('at least 12').waitFor();
    await page.getByLabel('Passphrase', { exact: false }).first().fill(PASSPHRASE);
    await page.getByLabel('Passphrase again').fill(PASSPHRASE);
    await page.getByRole('button', { name: 'Make a new key' }).click();
    await page.getByText('Your key is open.').waitFor();
  });

  await stage.step('the backup comes before anything is sealed to the key', async () => {
    const publishes = async () => await page.getByRole('button', { name: 'Register as a patient' }).count() > 0;
    ensure(!await publishes(), 'it can be published before the backup');
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download the backup' }).click();
    const path = join(scratch, 'backup.json');
    await (await coming).saveAs(path);
    const backup = JSON.parse(readFileSync(path, 'utf8'));
    ensure(backup.encoding.type.includes('scrypt') && backup.meta.name.includes(people.patient.pair.address), 'it is no backup');
    chmodSync(path, 0o600);
    ({ encryption_key: backupKey } = await shownKey(path, PASSPHRASE));
    await stage.look(patient, 'sign-in-backup');
    // By now, the page knows what the chain has.
    ensure(!await publishes(), 'it can be published before the backup is kept');
    await page.getByLabel('I have kept the file').check();
    await page.getByRole('button', { name: 'Register as a patient' }).waitFor();
  });

  await stage.step('a rejection in the wallet leaves nothing behind', async () => {
    patient.wallet.answer = 'reject';
    await page.getByRole('button', { name: 'Register as a patient' }).click();
    await page.getByRole('dialog').getByText('Fee').waitFor();
    await stage.look(patient, 'question');
    await stage.agree(patient, 'Register as a patient', 'rejected');
    patient.wallet.answer = 'sign';
    await page.getByRole('button', { name: 'Register as a patient' }).waitFor();
    ensure(!await isPatient(stage.chain, people.patient.pair.address), 'the patient is registered');
    // Nor does a no to the page's own question.
    const asked = patient.wallet.asked;
    await page.getByRole('button', { name: 'Register as a patient' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.waitForTimeout(500);
    ensure(patient.wallet.asked === asked, 'the wallet was asked');
  });

  await stage.step('register as a patient', async () => {
    await page.getByRole('button', { name: 'Register as a patient' }).click();
    await stage.agree(patient, 'Register as a patient');
    // It stays for some seconds.
    await page.locator('.notice[data-stage="final"]:has-text("Register as a patient")').waitFor();
    await page.getByText('You are signed in.').waitFor();
    const shown = JSON.parse(await medchain(stage.chain, 'patient', 'show', people.patient.pair.address, '--json'));
    ensure(shown.encryption_key === backupKey, `the backup has ${backupKey}, the chain ${shown.encryption_key}`);
  });

  await stage.step('details are encrypted, and a hostile name runs no script', async () => {
    await stage.go(patient, '/patient');
    await page.getByRole('button', { name: 'Edit details' }).click();
    await page.getByLabel('Name').fill(HOSTILE);
    await page.getByLabel('Date of birth').fill('1996-05-04');
    await page.getByLabel('Gender').selectOption('female');
    await page.getByRole('button', { name: 'Encrypt and save' }).click();
    await stage.agree(patient, 'Save your details');
    const details = page.locator('[data-testid="details"]');
    await details.getByText(HOSTILE).waitFor();
    await details.getByText('female').waitFor();
    await stage.nothingRan(patient, 'in the details');
    await page.getByRole('button', { name: 'Edit details' }).click();
    await page.getByLabel('Name').fill('Suhana');
    await page.getByRole('button', { name: 'Encrypt and save' }).click();
    await stage.agree(patient, 'Save your details');
    await details.getByText('Suhana').waitFor();
  });

  await stage.step('choose a policy', async () => {
    await stage.go(patient, '/access');
    await page.getByRole('button', { name: 'Use MedChain’s policy' }).click();
    await stage.agree(patient, 'Choose a policy');
    await page.getByRole('button', { name: 'Grant', exact: true }).waitFor();
  });

  await stage.step('what is no image cannot be uploaded', async () => {
    await stage.go(patient, '/upload');
    await page.locator('[data-testid="files"]').setInputFiles({ name: 'letter.png', mimeType: 'image/png', buffer: Buffer.from('Dear doctor') });
    await page.locator('li[data-step="bad"]').getByText('neither PNG nor JPEG').waitFor();
    await page.getByRole('button', { name: 'Remove letter.png' }).click();
  });

  await stage.step('a DICOM file is shown, without what says who the patient is', async () => {
    await page.locator('[data-testid="files"]').setInputFiles(join(root, 'vision/tests/fixtures/jpeg-2000.dcm'));
    await page.locator('li[data-step="ready"] img').waitFor();
    await page.locator('li[data-step="ready"] summary').click();
    await page.locator('li[data-step="ready"] details').getByText("Patient's Name").waitFor();
    await stage.look(patient, 'upload-dicom');
    await page.getByRole('button', { name: 'Remove jpeg-2000.dcm' }).click();
  });

  await stage.step('an upload that is rejected in the wallet stores nothing', async () => {
    const stored = () => readdirSync(stage.chain.store, { recursive: true }).length;
    const before = stored();
    await page.locator('[data-testid="files"]').setInputFiles({ name: 'rejected.png', mimeType: 'image/png', buffer: film(40, 200) });
    await page.locator('li[data-step="ready"] img').waitFor();
    await page.getByLabel('Model').selectOption('none');
    patient.wallet.answer = 'reject';
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await stage.agree(patient, 'Add the record', 'rejected');
    patient.wallet.answer = 'sign';
    await page.locator('li[data-step="cancelled"]').waitFor();
    ensure(stored() === before, 'there is more in the store');
    await page.getByRole('button', { name: 'Remove rejected.png' }).click();
    await stage.go(patient, '/access');
    await stage.go(patient, '/upload');
  });

  /** What a network says: each class with its probability, as it is shown. */
  const classes = (where) => page.locator(`[data-testid="${where}"] .classes li`).allInnerTexts();
  let previewed = [];

  await stage.step('before anything is uploaded, the network runs in the browser, as a preview', async () => {
    const stored = () => readdirSync(stage.chain.store, { recursive: true }).length;
    const before = stored();
    await page.locator('[data-testid="files"]').setInputFiles({ name: `${HOSTILE}.png`, mimeType: 'image/png', buffer: image });
    await page.locator('li[data-step="ready"] img').waitFor();
    const asked = patient.wallet.asked;
    const started = Date.now();
    await page.getByRole('button', { name: /^Preview: / }).click();
    const preview = page.locator('[data-testid="preview"]');
    await preview.locator('.label').waitFor();
    const took = Date.now() - started;
    await preview.getByText('preview: not a verdict').waitFor();
    await preview.getByText('nothing of it is on the chain').waitFor();
    previewed = await classes('preview');
    ensure(previewed.length === 3 && previewed.every((one) => /\d\s?%/.test(one)), `it says ${previewed}`);
    ensure(stored() === before && patient.wallet.asked === asked, 'something was stored or signed');
    ensure(await page.evaluate(() => window.pwned) === undefined, 'a script ran');
    return `after ${took} ms`;
  });

  await stage.step('upload a film with a hostile name, order a prediction, see the verdict', async () => {
    await page.getByRole('button', { name: 'Allow all workers' }).click();
    await stage.agree(patient, 'Allow the workers');
    await stage.look(patient, 'upload');
    await stage.accessible(patient, 'upload');
    const button = page.getByRole('button', { name: 'Upload', exact: true });
    await page.waitForFunction(() => !document.querySelector('.note.warn'));
    await button.click();
    await stage.agree(patient, 'Add the record');
    await stage.agree(patient, 'Draw the workers');
    await stage.agree(patient, 'Give the workers the key');
    await page.locator('li[data-step="done"]').waitFor({ timeout: 3 * PATIENCE });
    const link = page.locator('li[data-step="done"] a');
    record = Number((await link.getAttribute('href')).split('/').pop());
    await link.click();
    await page.locator('[data-testid="film"]').waitFor();
    await page.locator('[data-testid="verdict"] .label').waitFor();
    const said = await classes('verdict');
    ensure(said.join() === previewed.join(), `the verdict says ${said}, the preview said ${previewed}`);
    await stage.nothingRan(patient, 'with the film');
    await stage.look(patient, 'record');
    await stage.accessible(patient, 'record');
    verdict = await page.locator('[data-testid="verdict"] .label').innerText();
    ensure(['COVID', 'normal', 'not a chest X-ray'].includes(verdict), `the verdict is ${verdict}`);
    return `record ${record}: ${verdict}`;
  });

  await stage.step('the verdict is the one that the command line opens', async () => {
    const shown = JSON.parse(await medchain(stage.chain, 'show', String(record), '--json'));
    ensure(shown.verdicts.length === 1 && shown.verdicts[0].quorum >= 1, 'there is no verdict');
    const { receipt, workers } = shown.verdicts[0];
    const card = page.locator('[data-testid="verdict"]');
    await card.getByText(receipt).waitFor();
    await card.locator('[data-testid="receipt"]').getByText('receipt matches', { exact: true }).waitFor();
    ensure(Array.isArray(workers) && workers.length > 0, 'it names no worker');
    for (const worker of workers) await card.getByText(worker).waitFor({ state: 'attached' });
  });

  await stage.step('the network runs again in the browser, and gives the answer of the workers', async () => {
    await page.getByRole('button', { name: 'Run the network again here' }).click();
    await page.locator('[data-testid="replay"]').getByText('the network gives this answer, to the last digit').waitFor();
    await stage.accessible(patient, 'a replayed prediction');
  });

  await stage.step('the film can be looked at with the keyboard', async () => {
    const canvas = page.locator('[data-testid="film"]');
    const drawn = () => canvas.evaluate((one) => one.toDataURL());
    const before = await drawn();
    await canvas.focus();
    await page.keyboard.press('i');
    await page.waitForTimeout(100);
    const inverted = await drawn();
    ensure(before !== inverted, 'it does not invert');
    await page.keyboard.press('+');
    await page.waitForTimeout(100);
    ensure(inverted !== await drawn(), 'it does not zoom');
    await page.keyboard.press('0');
    await page.waitForTimeout(100);
    ensure(before === await drawn(), 'it does not reset');
    for (const name of ['Brightness', 'Contrast']) {
      await page.getByLabel(name).focus();
      for (let presses = 0; presses < 5; presses += 1) await page.keyboard.press('ArrowRight');
      await page.waitForTimeout(100);
      ensure(before !== await drawn(), `${name} changes nothing`);
      await page.getByRole('button', { name: 'Reset' }).click();
      await page.waitForTimeout(100);
      ensure(before === await drawn(), `${name} is not reset`);
    }
  });

  /** Uploads another film, with the choice in `order` made; returns its line. */
  async function another(order, grey) {
    await stage.go(patient, '/upload');
    await page.locator('[data-testid="files"]').setInputFiles({ name: 'another.png', mimeType: 'image/png', buffer: film(grey, 200) });
    await page.locator('li[data-step="ready"] img').waitFor();
    await order?.();
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await stage.agree(patient, 'Add the record');
  }

  await stage.step('an order that was interrupted continues on the record’s page', async () => {
    await another(undefined, 90);
    await page.getByRole('dialog').getByText('Draw the workers', { exact: true }).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    const line = page.locator('li[data-step="unfinished"]');
    await line.waitFor();
    ensure(await page.getByRole('button', { name: 'Upload', exact: true }).isDisabled(), 'it can be uploaded twice');
    await line.getByRole('link').click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await stage.agree(patient, 'Draw the workers');
    await stage.agree(patient, 'Give the workers the key');
    await page.locator('[data-testid="verdict"] .label').waitFor();
  });

  await stage.step('a prediction by one worker is ordered for a film that has none', async () => {
    await another(() => page.getByLabel('Model').selectOption('none'), 150);
    await page.locator('li[data-step="done"]').getByRole('link').click();
    await page.getByLabel('one worker, at once').check();
    await page.getByRole('button', { name: 'Order', exact: false }).click();
    await stage.agree(patient, 'Order a prediction');
    await stage.agree(patient, 'Give the workers the key');
    await page.locator('[data-testid="verdict"] .label').waitFor();
    await page.getByText('provisional until').waitFor();
  });

  await stage.step('own requests that ended are listed', async () => {
    await stage.go(patient, '/network');
    const ended = page.locator('[data-testid="my-requests"] tbody tr').filter({ hasText: 'answered' });
    await ended.first().waitFor();
    ensure(await ended.count() === 3, `${await ended.count()} of 3`);
  });

  await stage.step('the page of the patient shows what the paper’s page shows', async () => {
    await stage.go(patient, '/patient');
    const details = page.locator('[data-testid="details"]');
    for (const name of ['Name', 'Age', 'Gender', 'COVID', 'Deep learning prediction', 'Updated date', 'Image']) {
      await details.getByRole('rowheader', { name, exact: true }).waitFor();
    }
    await details.getByText('Suhana').waitFor();
    await page.locator('[data-testid="film"]').waitFor();
    await details.getByText(/\d %|\d%/).waitFor();
    const said = Object.fromEntries(await details.locator('tr').evaluateAll((rows) =>
      rows.map((row) => [row.querySelector('th').textContent, row.querySelector('td').textContent.trim()])));
    ensure(Number(said.Age) === ageOf('1996-05-04') && said.Gender === 'female', `age ${said.Age}, gender ${said.Gender}`);
    ensure(['Yes', 'No', 'Unknown', 'Uncertain'].includes(said.COVID), `COVID is ${said.COVID}`);
    ensure(said['Updated date'].includes(String(new Date().getFullYear())), `updated ${said['Updated date']}`);
    ensure(/^Record \d+$/.test(said.Image), `the image is ${said.Image}`);
    await stage.look(patient, 'patient');
    await stage.accessible(patient, 'patient');
  });

  const doctor = await stage.person([people.doctor]);

  await stage.step('a doctor opens a key file of the command line and publishes its key', async () => {
    await stage.open(doctor, '/sign-in');
    const { page: theirs } = doctor;
    await theirs.getByRole('button', { name: 'test-wallet' }).click();
    await theirs.getByLabel('Doctor').check();
    await theirs.getByLabel('Its passphrase').fill(PASSPHRASE);
    await theirs.locator('input[type="file"]').setInputFiles(doctorKey);
    await theirs.getByRole('button', { name: 'Open a backup or a key file' }).click();
    await theirs.getByRole('alert').getByText('does not open').waitFor();
    await theirs.getByLabel('Its passphrase').fill(THEIRS);
    await theirs.getByRole('button', { name: 'Open a backup or a key file' }).click();
    await theirs.getByText('Your key is open.').waitFor();
    await theirs.getByRole('button', { name: 'Publish my key only' }).click();
    await stage.agree(doctor, 'Publish your key');
    await theirs.getByText('You are signed in.').waitFor();
    await stage.go(doctor, `/r/${record}`);
    await theirs.getByText('You have no key for this record').waitFor();
    await theirs.getByRole('button', { name: 'Ask whether I may see it' }).click();
    await theirs.locator('[data-testid="answer"]').getByText('granted this account nothing').waitFor();
  });

  await stage.step('the patient grants, and gives the key', async () => {
    await stage.go(patient, '/access');
    await page.getByLabel('Account', { exact: true }).fill(people.doctor.pair.address);
    await page.getByLabel('treatment').check();
    await page.getByLabel('Days').fill('30');
    await page.getByRole('button', { name: 'Grant', exact: true }).click();
    await stage.agree(patient, 'Grant access');
    const table = page.locator('[data-testid="access"]');
    await table.getByText('view for treatment').waitFor();
    await table.getByText('granted by you: view, for treatment').waitFor();
    const last = await table.getByText(/^block \d+ \(about .*\)$/).innerText();
    const days = [29, 30, 31].map((count) => new Date(Date.now() + count * 86_400_000)
      .toLocaleDateString('en', { year: 'numeric', month: 'short', day: 'numeric' }));
    ensure(days.some((day) => last.includes(`about ${day}`)), `30 days are ${last}`);
    await stage.look(patient, 'access');
    await stage.accessible(patient, 'access');
  });

  await stage.step('a grant to a role, and one that the command line made', async () => {
    await page.getByRole('combobox', { name: 'Who' }).selectOption('Clinician');
    await page.getByRole('button', { name: 'Grant', exact: true }).click();
    await page.getByRole('dialog').getByText('every clinician may: view').waitFor();
    await stage.agree(patient, 'Grant access');
    const role = page.locator('[data-testid="role"]');
    await role.getByText('every clinician: granted by you: view, for treatment (block').waitFor();
    await page.getByRole('button', { name: 'Revoke clinician' }).click();
    await stage.agree(patient, 'Revoke access');
    await role.waitFor({ state: 'detached' });
    // Nothing on the chain lists whom a contract knows.
    const { address } = account(seed(), '').pair;
    await medchain(stage.chain, 'grant', '--to', address, '--actions', 'view', ...asPatient);
    await page.getByLabel('Another account').fill(address);
    await page.getByRole('button', { name: 'Look it up' }).click();
    await page.locator('[data-testid="access"] tr').filter({ hasText: address }).getByText('granted by you: view').waitFor();
  });

  await stage.step('the doctor opens the film and its verdict', async () => {
    const { page: theirs } = doctor;
    await stage.go(doctor, '/shared');
    await theirs.locator('[data-testid="shared"] tbody tr').first().waitFor();
    await stage.look(doctor, 'shared');
    await stage.accessible(doctor, 'shared');
    await theirs.getByRole('link', { name: `Open Record ${record}` }).click();
    await theirs.locator('[data-testid="film"]').waitFor();
    const label = theirs.locator('[data-testid="verdict"] .label');
    await label.waitFor();
    ensure(await label.innerText() === verdict, `the patient reads ${verdict}, the doctor ${await label.innerText()}`);
  });

  await stage.step('a report that the page draws, the command line verifies to the last byte', async () => {
    const { page: theirs } = doctor;
    const coming = theirs.waitForEvent('download');
    await theirs.getByRole('button', { name: 'Report (PDF)' }).click();
    const path = join(scratch, 'report-of-the-page.pdf');
    await (await coming).saveAs(path);
    const { agrees, complete, checks } = JSON.parse(await medchain(stage.chain, 'verify-report', path, ...asDoctor, '--json'));
    ensure(agrees && complete, checks.filter(({ finding }) => finding !== 'agrees').map(({ what, detail }) => `${what}: ${detail}`).join('; '));
    return `${checks.length} values`;
  });

  await stage.step('a report of the command line, and a forged one, on the page', async () => {
    const { page: theirs } = doctor;
    const path = join(scratch, 'report.pdf');
    ({ code } = JSON.parse(await medchain(stage.chain, 'report', String(record), '-o', path, ...asDoctor, '--json')));
    await stage.go(doctor, '/verify');
    const chosen = theirs.locator('[data-testid="report"]');
    await chosen.setInputFiles(path);
    await theirs.getByText('The report agrees with the chain.').waitFor();
    // From here on, an answer is told by its own words: it must not be the one before.
    ensure(await theirs.getByText('The report does not agree with the chain.').count() === 0, 'it agrees, and does not');
    await stage.look(doctor, 'verify');
    await stage.accessible(doctor, 'verify');
    // The values are attached as they are: another class, of the same length.
    const genuine = readFileSync(path).toString('latin1');
    const [, label] = /"label":"(\w+)","probabilities"/.exec(genuine);
    const other = genuine.replace(`"label":"${label}","prob`, `"label":"${'covid_'.padEnd(label.length, 'x').slice(0, label.length)}","prob`);
    await chosen.setInputFiles(file('forged.pdf', Buffer.from(other, 'latin1')));
    await theirs.getByText('The report does not agree with the chain.').waitFor();
    await chosen.setInputFiles(file('letter.pdf', 'Dear doctor'));
    await theirs.getByRole('alert').getByText('not a PDF').waitFor();
    // Without a key, what is sealed is not compared.
    const guest = await stage.person([]);
    await stage.open(guest, '/verify');
    await guest.page.locator('[data-testid="report"]').setInputFiles(path);
    await guest.page.getByText('Not everything could').waitFor();
    ensure(guest.problems.length === 0, guest.problems.join('\n'));
    await stage.leave(guest);
  });

  /** The report of the patient's film that says another class: a page without a fault, and its code. */
  function forge() {
    const text = readFileSync(join(scratch, 'report.pdf')).toString('latin1');
    const { printed: { report } } = JSON.parse(Buffer.from(/\{"code":"MEDCHAIN-REPORT.*\}/.exec(text)[0], 'latin1').toString());
    const { outcome } = report;
    const other = outcome.probabilities.find(({ label }) => label !== outcome.label).label;
    const shown = new core.Film(image);
    const pdf = Buffer.from(core.drawReport(JSON.stringify({ ...report, outcome: { ...outcome, label: other } }), shown));
    return { pdf, code: /"code":"([^"]+)"/.exec(pdf.toString('latin1'))[1] };
  }

  await stage.step('the code of a report on paper is verified, and a forger’s is not', async () => {
    const { page: theirs } = doctor;
    const forged = forge();
    await theirs.locator('[data-testid="report"]').setInputFiles(file('redrawn.pdf', forged.pdf));
    const result = (on) => on.locator('[data-testid="checks"] dt').filter({ hasText: /^result$/ }).locator('xpath=following-sibling::dd[1]');
    await result(theirs).getByText('NO', { exact: true }).waitFor();
    await theirs.locator('[data-testid="checks"]').getByText('the values below and nothing else').waitFor();
    await theirs.getByText('The report does not agree with the chain.').waitFor();
    // What a scanner types ends with a line feed.
    const scan = async (on, text) => {
      await on.locator('[data-testid="code"]').fill(text);
      await on.locator('[data-testid="code"]').press('Enter');
    };
    await scan(theirs, code);
    await theirs.getByText('The code agrees with the chain.').waitFor();
    const { label } = JSON.parse(await medchain(stage.chain, 'report', String(record), '-o', join(scratch, 'again.pdf'), ...asDoctor, '--json'));
    await theirs.locator('[data-testid="expected"]').getByText(`label ${label}`).waitFor();
    await stage.look(doctor, 'verify-code');
    await stage.accessible(doctor, 'verify-code');
    await scan(theirs, forged.code);
    await theirs.getByText('The report does not agree with the chain.').waitFor();
    await theirs.locator('[data-testid="checks"]').getByText('they are not those that the chain gives').waitFor();
    ensure(await theirs.getByText('The code agrees with the chain.').count() === 0, 'a forged code agrees');
    await scan(theirs, `${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`);
    await theirs.getByRole('alert').getByText('the code is damaged').waitFor();
    ensure(await theirs.locator('[data-testid="checks"]').count() === 0, 'the answer before is shown still');
    // A link with the code, for whoever has no key: what is sealed is neither compared nor told.
    const guest = await stage.person([]);
    await stage.open(guest, `/verify/${code}`);
    await guest.page.getByText('Not everything could').waitFor();
    await guest.page.locator('[data-testid="checks"]').getByText('the verdict is sealed').waitFor();
    ensure(await guest.page.locator('[data-testid="expected"]').count() === 0, 'a guest is told what is sealed');
    ensure(!(await guest.page.locator('main').innerText()).includes(`label ${label}`), 'a guest reads the label');
    ensure(guest.problems.length === 0, guest.problems.join('\n'));
    await stage.leave(guest);
  });

  await stage.step('a report on a request that ended without a verdict', async () => {
    await another(undefined, 60);
    await page.getByRole('dialog').getByText('Draw the workers', { exact: true }).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    const link = page.locator('li[data-step="unfinished"]').getByRole('link');
    const id = (await link.getAttribute('href')).split('/').pop();
    const { open_requests: [{ request_id: request }] } = JSON.parse(await medchain(stage.chain, 'show', id, '--json'));
    await medchain(stage.chain, 'request', 'cancel', String(request), ...asPatient);
    await stage.go(patient, '/network');
    const row = page.locator('[data-testid="my-requests"] tbody tr').filter({ hasText: 'cancelled' });
    await row.waitFor();
    const coming = page.waitForEvent('download');
    await row.getByRole('button', { name: `Report (PDF) on request ${request}` }).click();
    const path = join(scratch, 'report-ended.pdf');
    await (await coming).saveAs(path);
    // The key of this film is in the page alone, so the command line leaves the film out, and ends with an error.
    const said = await medchain(stage.chain, 'verify-report', path, ...asPatient, '--json').catch(({ stdout }) => stdout);
    const { agrees, checks } = JSON.parse(said);
    const differing = checks.filter(({ finding }) => finding === 'differs');
    ensure(agrees && differing.length === 0, differing.map(({ what, detail }) => `${what}: ${detail}`).join('; '));
    const result = checks.find(({ what }) => what === 'result').detail;
    ensure(result.includes('how cancelled') && result.includes('it was cancelled'), `the page says ${result}`);
    await stage.go(patient, '/verify');
    await page.locator('[data-testid="report"]').setInputFiles(path);
    await page.getByText('The report agrees with the chain.').waitFor();
    await stage.go(patient, '/access');
  });

  await stage.step('what the page sealed and stored, the command line opens: the same bytes', async () => {
    const path = join(scratch, 'fetched.png');
    await medchain(stage.chain, 'fetch', String(record), '-o', path, ...asDoctor);
    ensure(readFileSync(path).equals(image), 'the bytes differ');
  });

  await stage.step('what the command line uploads, the page opens', async () => {
    const path = file('theirs.png', film(7, 300));
    const address = people.doctor.pair.address;
    await medchain(stage.chain, 'patient', 'register', ...asDoctor);
    const added = JSON.parse(await medchain(stage.chain, 'upload', path, '--patient', address, ...asDoctor, '--json'));
    await stage.go(doctor, `/r/${added.record_id}`);
    await doctor.page.locator('[data-testid="film"]').waitFor();
    // Nobody has ordered a prediction for it, and its report says so.
    const coming = doctor.page.waitForEvent('download');
    await doctor.page.getByRole('button', { name: 'Report (PDF)' }).click();
    const paper = join(scratch, 'report-without.pdf');
    await (await coming).saveAs(paper);
    const { agrees, complete, checks } = JSON.parse(await medchain(stage.chain, 'verify-report', paper, ...asDoctor, '--json'));
    ensure(agrees && complete, checks.filter(({ finding }) => finding !== 'agrees').map(({ what, detail }) => `${what}: ${detail}`).join('; '));
    await stage.go(doctor, '/verify');
    await doctor.page.locator('[data-testid="report"]').setInputFiles(paper);
    await doctor.page.getByText('The report agrees with the chain.').waitFor();
  });

  await stage.step('after the revocation, the doctor is refused', async () => {
    await page.getByRole('button', { name: `Revoke ${people.doctor.pair.address}` }).click();
    await page.getByRole('dialog').getByText('It may have kept what it opened before').waitFor();
    await page.getByRole('dialog').getByText(/A deposit of [\d.]+ MEDC comes back to you/).waitFor();
    await stage.agree(patient, 'Revoke access');
    const kept = page.locator('[data-testid="kept"]');
    await kept.getByRole('link', { name: String(record), exact: true }).waitFor();
    await kept.getByText(`--without ${people.doctor.pair.address}`).waitFor();
    const { page: theirs } = doctor;
    await stage.go(doctor, `/r/${record}`);
    await theirs.getByText('You have no key for this record').waitFor();
    await theirs.getByRole('button', { name: 'Ask whether I may see it' }).click();
    await theirs.locator('[data-testid="answer"]').getByText('revoked the grant').waitFor();
    // Of the patient's other records, no key is left either.
    await stage.go(doctor, '/shared');
    await theirs.getByText('Nobody has given you the key of a record.').waitFor();
  });

  await stage.step('a record that may have been kept gets a new key', async () => {
    const kept = page.locator('[data-testid="kept"]');
    await kept.getByRole('button', { name: `New key for record ${record}`, exact: true }).click();
    await stage.agree(patient, 'Give a record a new key');
    await kept.getByRole('button', { name: `New key for record ${record}`, exact: true }).waitFor({ state: 'detached' });
    // Another one, whose former version goes with it.
    await kept.getByLabel('Also erase the former version').check();
    const other = kept.getByRole('button', { name: /^New key for record \d+$/ }).first();
    const erased = Number(/\d+/.exec(await other.innerText())[0]);
    await other.click();
    await page.getByRole('dialog').getByText('nobody can undo that').waitFor();
    await page.getByRole('dialog').getByText(/A deposit of [\d.]+ MEDC comes back to you/).waitFor();
    await stage.agree(patient, 'Give a record a new key');
    await kept.getByRole('button', { name: `New key for record ${erased}`, exact: true }).waitFor({ state: 'detached' });
    await stage.go(patient, `/r/${erased}`);
    await page.getByText('This record was erased by its patient').first().waitFor();
    await stage.go(patient, '/patient');
    await stage.go(patient, `/r/${record}`);
    await page.getByText('replaced by a newer version').first().waitFor();
    await stage.go(patient, '/patient');
    const newest = page.getByRole('link', { name: /^Open Record \d+$/ }).first();
    const version = Number((await newest.getAttribute('href')).split('/').pop());
    ensure(version > record, `the newest is ${version}`);
    await newest.click();
    await page.getByRole('heading', { name: `Record ${version}`, exact: true }).waitFor();
    await page.locator('[data-testid="film"]').waitFor();
    const path = join(scratch, 'after-the-rotation.png');
    ensure(await refuses(stage.chain, 'has no envelope', 'fetch', String(version), '-o', path, ...asDoctor), 'the doctor opens the new version');
  });

  /** The amounts that the open question names, in millionths of MEDC. */
  const amounts = () => page.getByRole('dialog').locator('dl').evaluate((list) => Object.fromEntries(
    [...list.querySelectorAll('dt')].map((dt) => {
      const number = /[\d.]+(?= MEDC)/.exec(dt.nextElementSibling.textContent);
      return [dt.textContent, number ? Math.round(Number(number[0]) * 1e6) : 0];
    }),
  ));

  await stage.step('relations are named and removed, for what was said before', async () => {
    await stage.go(patient, '/relations');
    await page.getByLabel('Account', { exact: true }).fill(people.doctor.pair.address);
    await page.getByRole('combobox', { name: 'Relation' }).selectOption('Guardian');
    await page.getByLabel('Emergency contact').check();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('dialog').getByText('Fee').waitFor();
    const before = await amounts();
    await stage.agree(patient, 'Name a relative');
    const row = page.locator('[data-testid="relations"] tbody tr').filter({ hasText: people.doctor.pair.address });
    await row.getByText('guardian').waitFor();
    await row.getByText('yes', { exact: true }).waitFor();
    await stage.look(patient, 'relations');
    await stage.accessible(patient, 'relations');
    await page.getByRole('button', { name: `Remove ${people.doctor.pair.address}` }).click();
    await page.getByRole('dialog').getByText('Fee').waitFor();
    const after = await amounts();
    const [spent, held, fee] = [before['You can spend'] - after['You can spend'], before.Deposit ?? 0, before.Fee];
    // Each amount is rounded up to a millionth.
    ensure(fee > 0 && spent > held && spent <= held + fee + 2, `${spent} were spent, of ${held} held and ${fee} fee`);
    await stage.agree(patient, 'Remove a relative');
    await row.waitFor({ state: 'detached' });
  });

  await stage.step('the history is the whole log, back to the registration', async () => {
    await stage.go(patient, '/history');
    const told = page.locator('[data-testid="history"]');
    const read = page.locator('[data-testid="read"]');
    await read.waitFor();
    await stage.look(patient, 'history');
    await stage.accessible(patient, 'history');
    const numbers = async () => (await read.innerText()).match(/\d+/g).map(Number);
    const [first, all] = await numbers();
    ensure(first >= 20 && first < all, `${first} of ${all} entries at first`);
    const further = page.getByRole('button', { name: 'Older entries' });
    for (let shown = first; shown < all;) {
      await further.click();
      await until('older entries', async () => (await numbers())[0] > shown);
      [shown] = await numbers();
    }
    await further.waitFor({ state: 'detached' });
    ensure(await told.locator('tbody tr').count() === all, 'not each entry has a row');
    for (const name of ['Emr.RecordAdded', 'Emr.PolicyNoted', 'Emr.EnvelopeRemoved']) await told.getByText(name, { exact: true }).first().waitFor();
    await told.locator('tbody tr').last().getByText('You were registered as a patient').waitFor();
    return `${all} entries`;
  });

  await stage.step('the log as FHIR has the bytes of the command line', async () => {
    const [ours, theirs] = ['page', 'line'].map((name) => join(scratch, `${name}.fhir.json`));
    // Each is as of the last final block, and not of the same one.
    const timeless = (path) => readFileSync(path, 'utf8').replace(/"timestamp": "[^"]*"/, '');
    let isEqual = false;
    // Once more, where an entry became final between the two.
    for (let tries = 0; tries < 3 && !isEqual; tries += 1) {
      const coming = page.waitForEvent('download', { timeout: PATIENCE });
      await page.getByRole('button', { name: 'Download as FHIR' }).click();
      await (await coming).saveAs(ours);
      await medchain(stage.chain, 'audit', people.patient.pair.address, '--fhir', theirs, '--force');
      isEqual = timeless(ours) === timeless(theirs);
    }
    ensure(isEqual, 'the two files differ');
    const kinds = JSON.parse(readFileSync(ours, 'utf8')).entry.map(({ resource }) => resource.meta.tag[0].code);
    ensure(kinds.includes('record_added') && kinds.includes('verdict_reached'), `only ${kinds}`);
    return `${kinds.length} entries`;
  });

  await stage.step('the chain’s own words for what it refuses', async () => {
    await stage.go(patient, '/relations');
    await page.getByLabel('Account', { exact: true }).fill(people.patient.pair.address);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await stage.agree(patient, 'Name a relative', 'failed');
    await page.locator('.notice.failed').getByText('A patient cannot be their own relative. (Emr.SelfRelation)').waitFor();
  });

  await stage.step('the policy of the page blocks foreign connections and scripts', async () => {
    const blocked = await page.evaluate(async () => {
      const seen = [];
      // The driver's own call may use eval; what follows it may not.
      await new Promise((resolve) => { setTimeout(resolve, 50); });
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => seen.push(effectiveDirective));
      await fetch('https://example.com/').catch(() => undefined);
      try { new WebSocket('wss://example.com/'); } catch { /* Some browsers throw. */ }
      try { document.body.innerHTML = '<p>no</p>'; } catch { seen.push('trusted-types'); }
      try { eval('1'); } catch { seen.push('eval'); }
      const script = document.createElement('script');
      try { script.textContent = 'window.pwned = 3'; document.head.append(script); } catch { seen.push('script'); }
      await new Promise((resolve) => { setTimeout(resolve, 300); });
      return [...seen, window.pwned ?? 'nothing ran'];
    });
    for (const wanted of ['connect-src', 'trusted-types', 'eval', 'nothing ran']) {
      ensure(blocked.includes(wanted), `${wanted} is not among ${blocked}`);
    }
  });

  await stage.step('the server answers to its own name and its own page alone', async () => {
    const { request } = await import('node:http');
    const ask = (path, headers, method = 'GET') => new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: stage.port, path, method, headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('upgrade', () => resolve(101)).on('error', reject).end();
    });
    const host = `127.0.0.1:${stage.port}`;
    ensure(await ask('/', { host }) === 200, 'its own name');
    ensure(await ask('/', { host: 'evil.example' }) === 403, 'a foreign name');
    const upgrade = { host, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
    ensure(await ask('/rpc', { ...upgrade, origin: 'http://evil.example' }) === 403, 'a foreign page');
    ensure(await ask('/rpc', { ...upgrade, origin: `http://${host}` }) === 101, 'its own page');
    const cid = 'bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu';
    ensure(await ask(`/ipfs/${cid}`, { host, origin: `http://${host}` }, 'PUT') === 400, 'other bytes than those of a CID');
  });

  await stage.step('the server gone and back', async () => {
    await stage.restart(() => page.locator('.link.lost').waitFor());
    await page.locator('.link.connected').waitFor();
  });

  await stage.step('German', async () => {
    await page.getByLabel('Language').selectOption('de');
    await page.getByRole('link', { name: 'Patientendaten' }).click();
    await page.getByRole('heading', { name: 'Patientendaten' }).waitFor();
    await stage.look(patient, 'patient-german');
    await stage.go(patient, '/verify');
    await page.locator('[data-testid="report"]').setInputFiles(join(scratch, 'report.pdf'));
    const checks = page.locator('[data-testid="checks"]');
    await checks.getByText('SHA-256 des verschlüsselten Bildes').waitFor();
    const names = await checks.locator('dt').allInnerTexts();
    const english = names.filter((name) => / of | the |account/.test(name));
    ensure(names.length > 15 && english.length === 0, `without a German name: ${english}`);
    await stage.look(patient, 'verify-german');
    await page.locator('[data-testid="report"]').setInputFiles(file('brief.pdf', 'Dear doctor'));
    await page.getByRole('alert').getByText('keine PDF-Datei').waitFor();
    await page.getByLabel('Sprache').selectOption('en');
  });

  await stage.step('after logging out, the key is needed again', async () => {
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('You are logged out').waitFor();
    await stage.go(patient, '/patient');
    await page.getByText('Sign in to see this page.').waitFor();
    // Without loading the page again: what is open would be open still.
    await stage.go(patient, '/sign-in');
    await page.getByRole('button', { name: 'test-wallet' }).click();
    const choice = page.getByLabel('Patient');
    await choice.waitFor();
    if (!await choice.isChecked()) await choice.check();
    await page.getByText('Your key is in this browser, locked.').waitFor();
    await stage.go(patient, `/r/${record}`);
    await page.getByText('Unlock your key').first().waitFor();
    ensure(await page.locator('[data-testid="film"]').count() === 0, 'the film is shown still');
    await stage.open(patient, '/sign-in');
    await page.reload();
    await page.getByText('Your key is in this browser, locked.').waitFor();
    await page.getByLabel('Passphrase').fill('another passphrase');
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByRole('alert').getByText('does not open').waitFor();
    await page.getByLabel('Passphrase').fill(PASSPHRASE);
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByText('Your key is open.').waitFor();
  });

  await stage.step('no page reported an error', async () => {
    // The refusals above are reported by the browser as well.
    const expected = /Content Security Policy|TrustedHTML|trusted|WebSocket|ERR_CONNECTION|Failed to load resource|net::/i;
    stage.quiet([patient, doctor], expected);
  });
}
