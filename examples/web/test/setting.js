/** The built app before the real server, and what somebody does there. */

import { preview } from 'vite';

import { openPage } from '../../../e2e/browser.js';

/** How long a page may take for anything, in milliseconds; long, for machines that have much else to do. */
const PATIENCE = 60_000;

/** Requests that the page itself has ended: streams, and reads of what is shown no more. */
const ENDED = /graphql\S* net::ERR_ABORTED/;

/** Serves what was built, and passes on what goes to the API at `url`. Ends when `owner` is done. */
export async function startSite(owner, url) {
  process.env.TIDEWATER_URL = url;
  const root = new URL('..', import.meta.url).pathname;
  const site = await preview({ root, logLevel: 'silent', preview: { host: '127.0.0.1', port: 0 } });
  owner.after(() => site.close());
  return site.resolvedUrls.local[0];
}

/** Somebody at a browser of their own. */
export class Visitor {
  constructor(page, address) {
    this.page = page;
    this.address = address;
  }

  /** Opens the app. The test fails if anything goes wrong on the page but what is `expected`. */
  static async at(test, browser, address, { expected = [], ...options } = {}) {
    const page = await openPage(test, browser, { expected: [...expected, ENDED], ...options });
    page.setDefaultTimeout(PATIENCE);
    await page.goto(address);
    return new Visitor(page, address);
  }

  async signUp(email, name = 'Ada') {
    await this.press('Create an account');
    await this.page.getByLabel('Name').fill(name);
    await this.fillIn(email);
    await this.press('Create account');
    await this.newTodo.waitFor();
  }

  async signIn(email, password) {
    await this.fillIn(email, password);
    await this.press('Sign in');
    await this.newTodo.waitFor();
  }

  async fillIn(email, password = 'correct horse') {
    await this.page.getByLabel('E-mail').fill(email);
    await this.page.getByLabel('Password').fill(password);
  }

  press(name) {
    return this.page.getByRole('button', { name, exact: true }).click();
  }

  /** Chooses one of a few. What can be seen of it is its label. */
  choose(name) {
    return this.page.getByRole('radio', { name, exact: true }).locator('..').click();
  }

  get newTodo() {
    return this.page.getByLabel('What is to be done?');
  }

  /** The todos on the page, in their order. */
  get rows() {
    return this.page.getByRole('list', { name: 'Todos' }).getByRole('listitem').filter({ has: this.page.getByRole('checkbox') });
  }

  todo(text) {
    return this.page.getByRole('checkbox', { name: text, exact: true });
  }

  async add(text) {
    await this.newTodo.fill(text);
    await this.newTodo.press('Enter');
    await this.todo(text).waitFor();
  }

  /** Waits until the page shows this. */
  sees(text) {
    return this.page.getByText(text).first().waitFor();
  }

  /** Waits until the todos on the page are these, in this order. */
  seesTodos(...texts) {
    return this.#holds(
      ([list, expected]) => JSON.stringify([...list.querySelectorAll('li label > span')].map((text) => text.textContent)) === expected,
      this.page.getByRole('list', { name: 'Todos' }),
      JSON.stringify(texts),
    );
  }

  /** Waits until a todo is done, or is not. */
  seesDone(text, isDone) {
    return this.#holds(([box, expected]) => box.checked === expected, this.todo(text), isDone);
  }

  async #holds(condition, locator, expected) {
    const element = await locator.elementHandle();
    try {
      await this.page.waitForFunction(condition, [element, expected]);
    } catch (error) {
      throw new Error(`Not ${JSON.stringify(expected)}, but:\n${await this.page.locator('main').ariaSnapshot()}`, { cause: error });
    }
  }
}
