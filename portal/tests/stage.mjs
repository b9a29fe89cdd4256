// What every story needs: steps, people with browsers of their own, and what is held of each page.
import { mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

import { install } from './wallet.mjs';
import { file, readFileSync, startPortal } from './world.mjs';

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const SIZES = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

export const PASSPHRASE = 'correct horse battery';
export const HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=2</script>';
/** How long a page may take for a step, in milliseconds. A busy machine needs more. */
export const PATIENCE = Number(process.env.MEDCHAIN_TEST_PATIENCE || 60) * 1000;

export function ensure(condition, message) {
  if (!condition) throw new Error(message);
}

/** Waits until something is so. */
export async function until(what, isSo, limit = PATIENCE) {
  const end = Date.now() + limit;
  while (!await isSo()) {
    if (Date.now() > end) throw new Error(`${what}: it did not come`);
    await new Promise((resolve) => { setTimeout(resolve, 300); });
  }
}

/** The chain, the page's server, and a browser. */
export class Stage {
  passed = 0;
  failed = 0;
  #people = [];

  static async open(chain, { screens, headed }) {
    const stage = new Stage();
    stage.chain = chain;
    stage.screens = screens;
    stage.portal = await startPortal(chain);
    stage.port = new URL(stage.portal.url).port;
    stage.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      headless: !headed,
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    });
    if (screens) mkdirSync(screens, { recursive: true });
    return stage;
  }

  /** One step of a story. */
  async step(name, body) {
    const started = Date.now();
    try {
      const detail = await body();
      this.passed += 1;
      console.log(`ok      ${name}${detail ? `: ${detail}` : ''} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
      return true;
    } catch (error) {
      this.failed += 1;
      console.log(`FAILED  ${name}: ${error?.message ?? error}`);
      if (this.screens) {
        for (const [index, { page }] of this.#people.entries()) {
          await page.screenshot({ path: join(this.screens, `failed-${this.failed}-${index}.png`), fullPage: true }).catch(() => undefined);
        }
      }
      return false;
    }
  }

  /** A person with a browser of their own. */
  async person(accounts, settings = {}) {
    const context = await this.browser.newContext({ viewport: SIZES.wide, locale: 'en-GB', ...settings });
    const wallet = accounts.length > 0 ? await install(context, accounts) : null;
    const problems = [];
    const one = { context, wallet, problems, accounts };
    await this.tab(one);
    this.#people.push(one);
    return one;
  }

  /** A new tab of a person; the one before may be closed. */
  async tab(one) {
    one.page = await one.context.newPage();
    one.page.setDefaultTimeout(PATIENCE);
    one.page.setDefaultNavigationTimeout(PATIENCE);
    one.page.on('pageerror', (error) => one.problems.push(`error: ${error.message}`));
    one.page.on('console', (message) => { if (message.type() === 'error') one.problems.push(message.text()); });
    return one.page;
  }

  /** They leave. */
  async leave(one) {
    this.#people = this.#people.filter((other) => other !== one);
    await one.context.close();
  }

  /** Opens a page, at the server's address or where this person has it. */
  async open({ page, origin = this.portal.url }, path) {
    await page.goto(`${origin}#${path}`);
    await page.waitForSelector('main h1');
  }

  /** Moves to another page without loading the program again: the open key stays. */
  async go({ page }, path) {
    await page.evaluate((to) => { location.hash = to; }, path);
    await page.waitForTimeout(300);
  }

  /** Agrees to the question, and waits for a line about it at this stage. */
  async agree({ page }, title, stage = 'inBlock') {
    await page.getByRole('dialog').getByText(title, { exact: true }).waitFor();
    // An older line may have the same title, and is no answer to this question. What is below the
    // question gets no clicks of the driver.
    await page.evaluate(() => { for (const button of document.querySelectorAll('.notice button')) button.click(); });
    await page.locator('.notice').first().waitFor({ state: 'detached' });
    await page.getByRole('dialog').getByRole('button', { name: /^(Continue in the wallet|Sign with the key file)$/ }).click();
    const stages = stage === 'inBlock' ? ['inBlock', 'final'] : [stage];
    await page.locator(stages.map((one) => `.notice[data-stage="${one}"]:has-text("${title}")`).join(', ')).first().waitFor();
  }

  /** Signs in with a new key; `how` is the button by which it is published. */
  async arrive(one, name, how = 'Register as a patient') {
    const { page } = one;
    await this.open(one, '/sign-in');
    await page.getByRole('button', { name: 'test-wallet' }).click();
    await page.getByLabel(name).check();
    await page.getByLabel('Passphrase', { exact: false }).first().fill(PASSPHRASE);
    await page.getByLabel('Passphrase again').fill(PASSPHRASE);
    await page.getByRole('button', { name: 'Make a new key' }).click();
    await page.getByLabel('I have kept the file').check();
    await page.getByRole('button', { name: how }).click();
    await this.agree(one, how === 'Register as a patient' ? how : 'Publish your key');
    await page.getByText('You are signed in.').waitFor();
  }

  /** Opens the key that the browser keeps. */
  async unlock(one) {
    await this.open(one, '/sign-in');
    await one.page.reload();
    // Where the chain has another key, there is a form for its backup as well.
    await one.page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
    await one.page.getByRole('button', { name: 'Unlock' }).click();
    await one.page.getByText('Your key is open.').waitFor();
  }

  /** No script of others ran, also none that waits for a picture. */
  async nothingRan({ page }, where) {
    await page.waitForTimeout(200);
    ensure(await page.evaluate(() => window.pwned) === undefined, `a script ran: ${where}`);
  }

  /** Opens a backup of a key. */
  async restore({ page }, path) {
    await page.locator('input[type="file"]').setInputFiles(path);
    await page.getByLabel('Its passphrase').fill(PASSPHRASE);
    await page.getByRole('button', { name: 'Open a backup or a key file' }).click();
  }

  /** Uploads a film without a prediction; returns the record's number. */
  async upload(one, buffer, name = 'film.png') {
    const { page } = one;
    await this.go(one, '/upload');
    await page.locator('[data-testid="files"]').setInputFiles({ name, mimeType: 'image/png', buffer });
    await page.locator('li[data-step="ready"] img').waitFor();
    await page.getByLabel('Model').selectOption('none');
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await this.agree(one, 'Add the record');
    const link = page.locator('li[data-step="done"] a');
    await link.waitFor();
    return Number((await link.getAttribute('href')).split('/').pop());
  }

  /** The keys that a person's browser keeps, as they are in its database. */
  vaults(one) {
    return this.kept(one, 'vaults');
  }

  /** What a person's browser keeps of one kind, as it is in its database. */
  kept({ page }, kind) {
    return page.evaluate((store) => new Promise((resolve, reject) => {
      const opening = indexedDB.open('medchain');
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const all = opening.result.transaction(store).objectStore(store).getAll();
        all.onerror = () => reject(all.error);
        all.onsuccess = () => {
          opening.result.close();
          resolve(all.result);
        };
      };
    }), kind);
  }

  /** Has the keys of others that a person's browser remembers be those of another chain, and says how many there are. */
  moveKnown({ page }) {
    return page.evaluate(() => new Promise((resolve, reject) => {
      const opening = indexedDB.open('medchain');
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const change = opening.result.transaction('known', 'readwrite');
        const known = change.objectStore('known');
        const all = known.getAll();
        all.onsuccess = () => {
          known.clear();
          for (const one of all.result) known.put({ ...one, id: one.id.replace(/^[^/]+/, `0x${'9'.repeat(64)}`) });
        };
        change.onabort = () => reject(change.error);
        change.oncomplete = () => {
          opening.result.close();
          resolve(all.result.length);
        };
      };
    }));
  }

  /** A file for the browser to read, which may be large. */
  async onDisk(name, content) {
    const path = file(name, content);
    return { path, remove: () => rmSync(path) };
  }

  async look({ page }, name) {
    if (!this.screens) return;
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      await page.waitForTimeout(250);
      await page.screenshot({ path: join(this.screens, `${name}-${size}.png`), fullPage: true });
    }
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.screenshot({ path: join(this.screens, `${name}-dark.png`), fullPage: true });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(SIZES.wide);
  }

  /** What can be pressed or filled and never has the focus, as whoever has a keyboard alone goes through the page. */
  async unreached({ page }) {
    const all = () => page.evaluate(() => {
      // What is below a question has no turn, and lines about transactions come and go.
      const root = document.querySelector('dialog:modal') ?? document;
      const isFolded = (one) => one.tagName !== 'SUMMARY' && one.closest('details:not([open])') !== null;
      const found = [...root.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
        .filter((one) => !one.disabled && one.checkVisibility() && !isFolded(one) && !one.closest('.notices'));
      const has = (one) => one.hasAttribute('data-reached');
      // Of a group of radio buttons, one has a turn, and the arrows do the rest.
      const isOf = (one) => (other) => one.type === 'radio' && other.type === 'radio' && other.name === one.name;
      return found.filter((one) => !has(one) && !found.filter(isOf(one)).some(has)).map((one) => one.outerHTML.slice(0, 120));
    });
    await page.evaluate(() => {
      for (const one of document.querySelectorAll('[data-reached]')) one.removeAttribute('data-reached');
      const root = document.querySelector('dialog:modal') ?? document;
      root.querySelector('a[href], button, input')?.focus();
    });
    // A field for a date has several stops.
    const most = 3 * (await all()).length + 10;
    for (let presses = 0; presses < most; presses += 1) {
      const isOver = await page.evaluate(() => {
        document.activeElement.setAttribute('data-reached', '');
        return document.activeElement === document.body;
      });
      if (isOver) break;
      await page.keyboard.press('Tab');
    }
    return all();
  }

  /**
   * Nothing that axe calls serious or critical, nothing beside the edge of a phone, and nothing that
   * takes more than a keyboard.
   */
  async accessible({ page }, name) {
    let missed = await this.unreached({ page });
    // Once more, where the page read something again meanwhile.
    if (missed.length > 0) missed = await this.unreached({ page });
    ensure(missed.length === 0, `${name}: the keyboard does not reach ${missed.join(', ')}`);
    await page.setViewportSize(SIZES.phone);
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    await page.setViewportSize(SIZES.wide);
    ensure(wide <= SIZES.phone.width && seen <= SIZES.phone.width, `${name}: it is ${wide} wide on a phone`);
    // Evaluated by the driver, which the page's policy does not bind.
    await page.evaluate(axe);
    const { violations, passes, incomplete } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    // Behind a question the page is inert, and axe says nothing of its title.
    const looked = [...passes, ...incomplete].map(({ id }) => id);
    ensure(looked.includes('color-contrast') && looked.length > 10, `${name}: axe looked at ${looked.join(', ') || 'nothing'}`);
    const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    ensure(bad.length === 0, `${name}: ${bad.map(({ id, nodes }) => `${id} at ${nodes[0]?.target}: ${nodes[0]?.failureSummary}`).join('; ')}`);
  }

  /** The page's server ends, and starts again at the same address. */
  async restart(after = async () => undefined) {
    await this.portal.stop();
    await after();
    this.portal = await startPortal(this.chain, this.port);
  }

  /** No page reported an error, but those that a story asks for. */
  quiet(people, expected) {
    const all = people.flatMap(({ problems }) => problems).filter((one) => !expected.test(one));
    ensure(all.length === 0, all.join('\n'));
  }
}
