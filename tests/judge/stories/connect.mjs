// How a person makes a connection.

import assert from 'node:assert/strict';

import { DEVICE_GRANT } from '../client.mjs';
import { refused, shown } from '../wharf.mjs';

/// Connects with a browser, to the end.
export async function connected({ wharf, person }, client = 'public', options = {}) {
  const run = wharf.connect(client, options);
  const page = await person.approve(await run.address);
  const end = await run.ended;
  assert.equal(end.code, 0, shown(end));
  assert.equal(page.status, 200, page.text);
  return { page, end };
}

async function works({ wharf }, client) {
  assert.deepEqual((await wharf.called(client, 'me.get')).client, wharf.judge.clients[client].registered.client_id);
  assert.equal((await wharf.called(client, 'things.list')).things.length, 2);
  assert.equal((await wharf.shown(client)).state, 'active');
}

const throughTheBrowser = (client) => [
  `a person says yes in a browser, and Wharf shows who asks by the client ${client}`,
  async (world) => {
    const { page, end } = await connected(world, client);
    assert.match(page.text, /connected/i);
    assert.match(end.out + end.err, /connected/i);
    await works(world, client);
    assert.equal(world.judge.grants('authorization_code'), 1);
    assert.equal((await world.wharf.called(client, 'me.get')).id, 'ada');
  },
];

export const stories = [
  ...['public', 'basic', 'body', 'es256', 'rs256'].map(throughTheBrowser),

  [
    'the last page is a plain one: no script, nothing of another server, nothing secret, and nobody keeps it',
    async (world) => {
      const { page } = await connected(world);
      assert.doesNotMatch(page.html, /<script|https?:|src=|@import/i);
      assert.match(page.headers['cache-control'] ?? '', /no-store/);
      assert.match(page.headers['content-type'] ?? '', /^text\/(html|plain)/);
      // The address of the page has the code: no page that is opened from it is told.
      assert.match(page.headers['referrer-policy'] ?? '', /no-referrer/);
    },
  ],

  [
    'a person says yes on another device',
    async (world) => {
      const { wharf, person, judge } = world;
      const run = wharf.connect('public', { device: true });
      const page = await person.approve(await run.address);
      assert.match(page.text, /successful/);
      const end = await run.ended;
      assert.equal(end.code, 0, shown(end));
      assert.equal(judge.grants(DEVICE_GRANT), 1);
      await works(world, 'public');
      await wharf.ok(['connections', 'refresh', 'judge-public/main']);
      assert.equal(judge.refreshes(), 1);
    },
  ],

  [
    'a person says no on another device',
    async ({ wharf, person }) => {
      const run = wharf.connect('public', { device: true });
      await person.deny(await run.address);
      refused(await run.ended, /denied|declined|refused|said no/i);
    },
  ],

  [
    'a person says no in a browser, and is told so there and at the terminal',
    async ({ wharf, person }) => {
      const run = wharf.connect('public');
      const page = await person.deny(await run.address);
      assert.match(page.text, /denied|declined|refused|said no/i);
      refused(await run.ended, /access_denied/);
      assert.equal((await wharf.run(['connections', 'show', 'judge-public/main'])).code === 0, false);
      // It can be tried again under the same name.
      await connected({ wharf, person });
    },
  ],

  [
    'a client connects for itself, with nobody there, and gets a new token when one has run out',
    async (world) => {
      const { wharf, judge } = world;
      const end = await wharf.connect('service').ended;
      assert.equal(end.code, 0, shown(end));
      await works(world, 'service');
      await judge.forgetAccessTokens();
      await works(world, 'service');
      assert.equal(judge.grants('client_credentials'), 2);
    },
  ],

  [
    'fewer scopes are asked for, and what they do not allow is refused in words',
    async (world) => {
      const { wharf } = world;
      await connected(world, 'public', { more: ['--scopes', 'openid offline_access'] });
      assert.equal((await wharf.called('public', 'me.get')).id, 'ada');
      await wharf.fails(wharf.call('public', 'things.list'), /403/);
    },
  ],

  [
    'two people have connections of their own',
    async (world) => {
      const { wharf, browser } = world;
      await connected(world, 'basic', { name: 'ada' });
      await connected({ wharf, person: await browser.person('grace') }, 'basic', { name: 'grace' });
      for (const name of ['ada', 'grace']) {
        assert.equal((await wharf.called('basic', 'me.get', name)).id, name);
        assert.match((await wharf.ok(['connections', 'test', `judge-basic/${name}`])).out, new RegExp(name));
      }
      const { out } = await wharf.ok(['connections', 'list']);
      assert.match(out, /judge-basic\/ada[^]*judge-basic\/grace/);
    },
  ],

  [
    'a wrong client secret is told by the name of the error and with a mend, and not repeated',
    async ({ wharf, person, judge }) => {
      const secret = 'judge-wrong-secret-Zq8TnYx3Wk5BvHc7';
      judge.secrets.add(secret);
      const run = wharf.connect('basic', { secret });
      await person.approve(await run.address);
      refused(await run.ended, /invalid_client.*secret/);
    },
  ],
];
