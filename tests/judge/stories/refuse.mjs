// What a stranger might try with the address that the browser comes back to.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { shown } from '../wharf.mjs';

/// Begins to connect, and stops where the browser would come back.
async function almost({ wharf, person }) {
  const run = wharf.connect('public');
  const address = await run.address;
  return { run, callback: await person.approveUntil(address, callbackOf(address)) };
}

/// The listener has one origin, and whatever is opened there is a part of one flow.
const callbackOf = (address) => `${new URL(address).origin}${process.env.JUDGE_REDIRECT_PATH ?? '/callback'}`;

function changed(callback, name, value) {
  const url = new URL(callback);
  if (value === undefined) url.searchParams.delete(name);
  else url.searchParams.set(name, value);
  return url.href;
}

function isRefused(page, callback) {
  assert.ok(page.status >= 400 && page.status < 500, `it is answered with ${page.status}: ${page.text}`);
  assert.doesNotMatch(page.html, /<script|src=|@import/i);
  for (const name of ['code', 'state']) {
    assert.ok(!page.html.includes(new URL(callback).searchParams.get(name)), `the page repeats the ${name}`);
  }
}

/// How many records the audit has; its file is made by the first one.
const lines = ({ folder }) => {
  const file = path.join(folder, 'audit.jsonl');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length : 0;
};

/// The refused ones change nothing: the right one is answered as if they had not been there.
async function endsWell({ person, judge }, run, callback) {
  const page = await person.visit(callback);
  const end = await run.ended;
  assert.equal(end.code, 0, shown(end));
  assert.match(page.text, /connected/i);
  assert.equal(judge.asked.length, 1, 'the code was sent to the provider more than once');
}

const refusedThenRight = (what, visit) => [
  `${what} is refused with a page and recorded, and does not disturb`,
  async (world) => {
    const { wharf, judge } = world;
    const { run, callback } = await almost(world);
    const before = lines(wharf);
    isRefused(await visit(world, callback), callback);
    assert.ok(lines(wharf) > before, 'nothing of it is in the audit');
    assert.equal(judge.asked.length, 0, 'the code was sent to the provider');
    await endsWell(world, run, callback);
  },
];

export const stories = [
  refusedThenRight('a wrong state', ({ person }, callback) => person.visit(changed(callback, 'state', 'another-state'))),
  refusedThenRight('a missing state', ({ person }, callback) => person.visit(changed(callback, 'state'))),
  refusedThenRight('the right state in another browser', async ({ browser }, callback) =>
    (await browser.person('mallory')).visit(callback),
  ),

  ...[
    ['of another server', 'https://other.example'],
    ['without its sender', undefined],
  ].map(([what, iss]) => [
    `a callback ${what} is refused, and its code is sent nowhere`,
    async (world) => {
      const { wharf, person, judge } = world;
      const { callback } = await almost(world);
      const before = lines(wharf);
      isRefused(await person.visit(changed(callback, 'iss', iss)), callback);
      assert.ok(lines(wharf) > before, 'nothing of it is in the audit');
      assert.equal(judge.asked.length, 0, 'the code was sent to the provider');
    },
  ]),

  [
    'a second callback finds nobody, or is refused',
    async (world) => {
      const { run, callback } = await almost(world);
      await endsWell(world, run, callback);
      const page = await world.person.visit(callback).catch((error) => error);
      if (page instanceof Error) assert.match(page.message, /ERR_CONNECTION_REFUSED/);
      else isRefused(page, callback);
      assert.equal(world.judge.asked.length, 1);
    },
  ],

  [
    'two people connect at the same time, and neither gets the other’s account',
    async (world) => {
      const { wharf, browser, person } = world;
      const grace = await browser.person('grace');
      const [first, second] = ['ada', 'grace'].map((name) => wharf.connect('public', { name }));
      const pages = [grace.approve(await second.address), person.approve(await first.address)];
      await Promise.all([...pages, first.ended, second.ended]);
      for (const name of ['ada', 'grace']) assert.equal((await wharf.called('public', 'me.get', name)).id, name);
    },
  ],
];
