// Runs each story with a provider, a person and a folder of its own, and looks afterwards for secrets in everything that was
// kept and said. `node judge.mjs WORD…` runs those whose name has one of the words. It fails loudly, and skips nothing.

import { accessSync, constants } from 'node:fs';

import { openBrowser } from './browser.mjs';
import { leaks } from './leaks.mjs';
import { startProvider } from './provider.mjs';
import { stories as connecting } from './stories/connect.mjs';
import { stories as refusing } from './stories/refuse.mjs';
import { stories as renewing } from './stories/renew.mjs';
import { binary, Wharf } from './wharf.mjs';

const PATIENCE = 120_000;

/// Rejects if a story does not come to an end by itself.
function inTime(story) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not at its end after ${PATIENCE / 1000} seconds`)), PATIENCE);
  });
  return Promise.race([story, late]).finally(() => clearTimeout(timer));
}

async function tell(browser, story) {
  const judge = await startProvider();
  const wharf = new Wharf(judge);
  try {
    await inTime(story({ judge, wharf, browser, person: await browser.person('ada') }));
    await wharf.settled();
    const found = leaks(judge.secrets, wharf.places());
    if (found.length) throw new Error(`secrets are where nobody keeps them:\n${found.map((leak) => leak.join(': ')).join('\n')}`);
  } finally {
    await wharf.settled();
    wharf.remove();
    await browser.forget();
    await judge.stop();
  }
}

async function main(words) {
  const all = [...connecting, ...renewing, ...refusing];
  const chosen = all.filter(([name]) => words.length === 0 || words.some((word) => name.includes(word)));
  let failed = 0;
  const browser = await openBrowser();
  try {
    accessSync(binary, constants.X_OK);
    for (const [name, story] of chosen) {
      const begun = performance.now();
      const error = await tell(browser, story).then(() => undefined, (error) => error);
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      console.log(`${error ? '✗' : '✓'} ${name}  ${seconds} s`);
      if (error) {
        failed += 1;
        console.log(`${error.stack ?? error}`.replaceAll(/^/gm, '    '));
      }
    }
  } finally {
    await browser.close();
  }
  console.log(`${chosen.length - failed} passed, ${failed} failed`);
  return failed === 0 && chosen.length > 0 ? 0 : 1;
}

// What a story left behind keeps nobody waiting.
process.exit(await main(process.argv.slice(2)));
