// A person with a browser: opens an address in headless Chromium, logs in, says yes or no, and tells what they see at the end.
//
// As a command: `node browser.mjs approve|deny|visit URL`. `approve` serves device codes too, by `verification_uri_complete`.

import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { chromium } from 'playwright-core';

const CHROMIUM = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/// More pages than any way through the provider has.
const MOST_PAGES = 12;
const PATIENCE = 30_000;

export async function openBrowser() {
  const executablePath = CHROMIUM.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('there is no Chromium: install the package `chromium`, or say in CHROMIUM where it is');
  const browser = await chromium.launch({
    executablePath,
    args: [
      // The sandbox of Chromium does not start for root, as whom CI runs. Only pages of this folder and of Wharf are opened.
      '--no-sandbox',
      // The provider's pages name a font of a far server: no name is ever looked up.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
      '--disable-background-networking',
      '--disable-component-update',
    ],
  });
  return {
    /// Somebody with cookies of their own. The same person keeps them from one address to the next.
    person: async (name = 'ada') => new Person(name, await browser.newContext()),
    /// Forgets everybody, with their cookies.
    forget: () => Promise.all(browser.contexts().map((context) => context.close())),
    close: () => browser.close(),
  };
}

class Person {
  constructor(name, context) {
    this.name = name;
    this.context = context;
  }

  /// Logs in and consents wherever a page asks for it.
  approve = (url) => this.#follow(url, 'approve');

  /// Logs in, and says no to the consent.
  deny = (url) => this.#follow(url, 'deny');

  /// Opens the address and does nothing there.
  visit = (url) => this.#follow(url, 'visit');

  /// Goes on to the first address that begins with `stop`, and tells it without asking that server for it.
  async approveUntil(url, stop) {
    let stopped;
    await this.#follow(url, 'approve', async (page) => {
      // Playwright's own routes do not see where a redirect leads.
      const session = await this.context.newCDPSession(page);
      session.on('Fetch.requestPaused', ({ requestId, request }) => {
        stopped = request.url;
        return session.send('Fetch.fulfillRequest', { requestId, responseCode: 200, body: '' });
      });
      await session.send('Fetch.enable', { patterns: [{ urlPattern: `${stop}*`, requestStage: 'Request' }] });
    });
    if (!stopped) throw new Error(`no page led to ${stop}`);
    return stopped;
  }

  async #follow(url, way, prepare = () => {}) {
    const page = await this.context.newPage();
    await prepare(page);
    page.setDefaultTimeout(PATIENCE);
    let last;
    page.on('response', (response) => {
      const request = response.request();
      if (request.isNavigationRequest() && request.frame() === page.mainFrame()) last = response;
    });
    try {
      await page.goto(url);
      for (let pages = 0; way !== 'visit' && (await this.#step(page, way)); pages += 1) {
        if (pages === MOST_PAGES) throw new Error(`the pages have no end; the last one is ${page.url()}`);
      }
      return {
        url: page.url(),
        status: last?.status(),
        headers: (await last?.allHeaders()) ?? {},
        title: await page.title(),
        text: (await page.innerText('body')).trim(),
        html: await page.content(),
        cookies: await this.context.cookies(),
      };
    } finally {
      await page.close();
    }
  }

  /// Does what the page asks for. Says whether it asked for something.
  async #step(page, way) {
    const login = page.locator('input[name="login"]');
    if (await login.count()) {
      await login.fill(this.name);
      await page.locator('input[name="password"]').fill('any will do');
      return this.#press(page, 'button[type="submit"]');
    }
    if (await page.locator('input[name="prompt"][value="consent"]').count()) {
      return this.#press(page, way === 'deny' ? '.login-help a' : 'button[type="submit"]');
    }
    if (await page.locator('form[id="op.deviceConfirmForm"]').count()) {
      return this.#press(page, way === 'deny' ? 'button[name="abort"]' : 'button[autofocus]');
    }
    return false;
  }

  async #press(page, button) {
    // A form leads over redirects to a page: only what is there at the end counts.
    await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), page.locator(button).first().click()]);
    return true;
  }
}

async function main([way, url]) {
  if (!['approve', 'deny', 'visit'].includes(way) || !url) {
    console.error('usage: node browser.mjs approve|deny|visit URL');
    return 2;
  }
  const browser = await openBrowser();
  try {
    const person = await browser.person();
    const { url: end, status, title, text } = await person[way](url);
    console.log(JSON.stringify({ url: end, status, title, text }));
    return 0;
  } finally {
    await browser.close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = await main(process.argv.slice(2));
