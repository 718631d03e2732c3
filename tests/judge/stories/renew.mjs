// How a connection stays alive, and how it ends.

import assert from 'node:assert/strict';

import { shown } from '../wharf.mjs';
import { connected } from './connect.mjs';

const MANY = 20;
/// An answer that takes so long finds all of them waiting.
const SLOW = 1500;

/// Many processes call at the same time; each has to get its answer.
async function manyCalls({ wharf }, client) {
  const runs = await Promise.all(Array.from({ length: MANY }, () => wharf.run(wharf.call(client, 'me.get'))));
  for (const run of runs) assert.equal(run.code, 0, shown(run));
}

/// Waits for the moment at which a token that lasts for so many seconds has surely run out.
const runOut = (seconds) => new Promise((resolve) => setTimeout(resolve, (seconds + 0.2) * 1000));

/// What the provider saw: so many renewals, and none of them with a token that was spent.
function renewed(judge, times) {
  assert.equal(judge.reuses(), 0, JSON.stringify(judge.asked, null, 1));
  assert.equal(judge.refreshes(), times, JSON.stringify(judge.asked, null, 1));
}

const atOnce = (client) => [
  `${MANY} processes call with a token that has run out, of the client ${client}: it is renewed once`,
  async (world) => {
    const { judge } = world;
    judge.accessLife = 2;
    await connected(world, client);
    judge.accessLife = 3600;
    await runOut(2);
    // There may be some already: the short life is half over where Wharf looks whose the connection is.
    const before = judge.refreshes();
    judge.slowness = SLOW;
    await manyCalls(world, client);
    renewed(judge, before + 1);
  },
];

export const stories = [
  [
    'twenty renewals one after the other, each with the token that the last one brought',
    async (world) => {
      const { wharf, judge } = world;
      await connected(world, 'es256');
      for (let round = 0; round < MANY; round += 1) await wharf.ok(['connections', 'refresh', 'judge-es256/main']);
      renewed(judge, MANY);
      assert.equal((await wharf.called('es256', 'me.get')).id, 'ada');
    },
  ],

  ...['public', 'rs256'].map(atOnce),

  [
    'twenty processes ask for a renewal at once, and none spends a token that was spent',
    async (world) => {
      const { wharf, judge } = world;
      await connected(world);
      judge.slowness = SLOW / 10;
      const words = ['connections', 'refresh', 'judge-public/main'];
      const runs = await Promise.all(Array.from({ length: MANY }, () => wharf.run(words)));
      for (const run of runs) assert.equal(run.code, 0, shown(run));
      assert.equal(judge.reuses(), 0);
      assert.ok(judge.refreshes() >= 1 && judge.refreshes() <= MANY);
      assert.equal((await wharf.called('public', 'me.get')).id, 'ada');
    },
  ],

  [
    'the provider forgets a token before its time: it is renewed once, and the callers see nothing of it',
    async (world) => {
      const { judge } = world;
      await connected(world);
      await judge.forgetAccessTokens();
      judge.calls.length = 0;
      judge.slowness = SLOW;
      await manyCalls(world, 'public');
      renewed(judge, 1);
      assert.equal(judge.calls.filter(({ status }) => status === 200).length, MANY);
    },
  ],

  [
    'the person withdraws consent at the provider: the connection says that it needs them again, and they can give it',
    async (world) => {
      const { wharf, judge } = world;
      await connected(world);
      await judge.withdrawConsent();
      await wharf.fails(wharf.call('public', 'me.get'), /wharf connect judge-public/);
      assert.equal((await wharf.shown('public')).state, 'needs-reconnect');
      const asked = judge.asked.length;
      // Nobody asks the provider again what it has said no to.
      await wharf.fails(wharf.call('public', 'me.get'), /wharf connect judge-public/);
      assert.equal(judge.asked.length, asked);
      await connected(world);
      assert.equal((await wharf.called('public', 'me.get')).id, 'ada');
      assert.equal((await wharf.shown('public')).state, 'active');
      assert.equal(judge.reuses(), 0);
    },
  ],

  [
    'a connection is revoked: the provider knows nothing of it any more',
    async (world) => {
      const { wharf, judge } = world;
      await connected(world, 'body');
      const tokens = await judge.refreshTokens();
      assert.equal(tokens.length, 1);
      await wharf.ok(['connections', 'revoke', 'judge-body/main']);
      assert.deepEqual(await judge.refreshTokens(), []);
      assert.ok(judge.revoked.includes(tokens[0]), 'the provider was not asked to revoke the refresh token');
      assert.equal((await wharf.shown('body')).state, 'revoked');
      await wharf.fails(wharf.call('body', 'me.get'), /revoked/);
    },
  ],

  [
    'a connection is removed',
    async (world) => {
      const { wharf } = world;
      await connected(world);
      await wharf.ok(['connections', 'remove', 'judge-public/main']);
      assert.doesNotMatch((await wharf.ok(['connections', 'list'])).out, /judge-public\/main/);
      assert.notEqual((await wharf.run(wharf.call('public', 'me.get'))).code, 0);
    },
  ],

  [
    'what is said at length, and what would be sent, has no token in it',
    async (world) => {
      const { wharf, judge } = world;
      await connected(world);
      await judge.forgetAccessTokens();
      await wharf.ok(wharf.call('public', 'me.get'), { verbose: true });
      await wharf.ok([...wharf.call('public', 'me.get'), '--dry-run']);
      await wharf.ok(['connections', 'show', 'judge-public/main', '--json']);
      await wharf.ok(['connections', 'test', 'judge-public/main'], { verbose: true });
      await wharf.ok(['audit', 'show']);
      await wharf.ok(['audit', 'verify']);
      // The search of everything that was kept and said comes after each story.
      assert.ok(judge.secrets.size > 4);
    },
  ],
];
