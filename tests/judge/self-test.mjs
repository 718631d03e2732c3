// Shows that the judge is good: the provider is as strict as the stories about Wharf take it to be, and the browser gets
// through its pages, with a client that is written by hand.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { openBrowser } from './browser.mjs';
import { api, authorize, DEVICE_GRANT, post, SCOPES, token } from './client.mjs';
import { formsOf, leaks } from './leaks.mjs';
import { startProvider } from './provider.mjs';

let browser;
let judge;
let ada;

before(async () => {
  browser = await openBrowser();
  judge = await startProvider();
  ada = await browser.person('ada');
});

after(async () => {
  await browser?.close();
  await judge?.stop();
});

/// Tokens of a new grant.
async function connected(client = judge.clients.public) {
  const { heard, exchange } = await authorize(judge, client, ada.approve);
  assert.equal(heard.length, 1);
  assert.equal(heard[0].get('state'), 'a-state');
  assert.equal(heard[0].get('iss'), judge.issuer);
  const tokens = await exchange(heard[0].get('code'));
  assert.equal(tokens.status, 200, JSON.stringify(tokens));
  return tokens;
}

const refresh = (client, value) => token(judge, client, { grant_type: 'refresh_token', refresh_token: value });

for (const name of ['public', 'basic', 'body', 'es256', 'rs256']) {
  test(`a code with PKCE and ten refreshes, client ${name}`, async () => {
    const client = judge.clients[name];
    let tokens = await connected(client);
    for (let round = 0; round < 10; round += 1) {
      assert.equal((await api(judge, 'me', tokens.access_token)).id, 'ada');
      assert.equal((await api(judge, 'things', tokens.access_token)).things.length, 2);
      const next = await refresh(client, tokens.refresh_token);
      assert.equal(next.status, 200, JSON.stringify(next));
      assert.notEqual(next.refresh_token, tokens.refresh_token);
      assert.ok(judge.secrets.has(next.refresh_token) && judge.secrets.has(next.access_token));
      tokens = next;
    }
    assert.equal(judge.reuses(), 0);
  });
}

test('a refresh token that is spent twice ends the grant', async () => {
  const client = judge.clients.public;
  const first = await connected(client);
  const second = await refresh(client, first.refresh_token);
  assert.equal((await refresh(client, first.refresh_token)).error, 'invalid_grant');
  assert.equal(judge.reuses(), 1);
  assert.equal((await refresh(client, second.refresh_token)).error, 'invalid_grant');
  assert.equal((await api(judge, 'me', second.access_token)).status, 401);
});

test('PKCE is required, of clients with a secret too', async () => {
  const more = { code_challenge: '', code_challenge_method: '' };
  const { heard } = await authorize(judge, judge.clients.basic, ada.approve, more);
  assert.equal(heard[0].get('error'), 'invalid_request');
  const other = await authorize(judge, judge.clients.public, ada.approve);
  const form = { grant_type: 'authorization_code', redirect_uri: other.redirect, code_verifier: 'x'.repeat(43) };
  const answer = await token(judge, judge.clients.public, { ...form, code: other.heard[0].get('code') });
  assert.equal(answer.error, 'invalid_grant');
});

test('a wrong secret, and a key of another client, are refused', async () => {
  const wrong = { ...judge.clients.basic, secret: 'another' };
  assert.equal((await refresh(wrong, 'any')).error, 'invalid_client');
  const other = { ...judge.clients.es256, pem: (await startedElsewhere()).clients.es256.pem };
  assert.equal((await refresh(other, 'any')).error, 'invalid_client');
});

async function startedElsewhere() {
  const other = await startProvider();
  await other.stop();
  return other;
}

test('no is told to the client', async () => {
  const { heard } = await authorize(judge, judge.clients.public, ada.deny);
  assert.equal(heard[0].get('error'), 'access_denied');
  assert.equal(heard[0].get('iss'), judge.issuer);
});

test('a code can be taken without its page being opened', async () => {
  const { page, heard } = await authorize(judge, judge.clients.public, (url) => ada.approveUntil(url, redirectOf(url)));
  assert.equal(heard.length, 0);
  assert.ok(new URL(page).searchParams.get('code'));
});

const redirectOf = (url) => new URL(url).searchParams.get('redirect_uri');

test('a device', async () => {
  for (const way of ['approve', 'deny']) {
    const client = judge.clients.public;
    const asked = await post(judge, client, '/device/auth', { scope: SCOPES, prompt: 'consent' });
    const poll = { grant_type: DEVICE_GRANT, device_code: asked.device_code };
    assert.equal((await token(judge, client, poll)).error, 'authorization_pending');
    const page = await ada[way](asked.verification_uri_complete);
    const tokens = await token(judge, client, poll);
    if (way === 'approve') {
      assert.match(page.text, /successful/);
      assert.equal((await refresh(client, tokens.refresh_token)).status, 200);
    } else {
      assert.equal(tokens.error, 'access_denied', page.text);
    }
  }
});

test('client credentials', async () => {
  const answer = await token(judge, judge.clients.service, { grant_type: 'client_credentials', scope: 'things:read' });
  assert.equal(answer.refresh_token, undefined);
  assert.equal((await api(judge, 'things', answer.access_token)).things.length, 2);
});

test('a token that was revoked, forgotten, or whose consent was withdrawn, is of no use', async () => {
  const client = judge.clients.body;
  let tokens = await connected(client);
  await judge.forgetAccessTokens();
  assert.equal((await api(judge, 'me', tokens.access_token)).status, 401);
  tokens = await refresh(client, tokens.refresh_token);
  assert.ok((await judge.refreshTokens()).includes(tokens.refresh_token));
  await post(judge, client, '/token/revocation', { token: tokens.refresh_token });
  assert.ok(!(await judge.refreshTokens()).includes(tokens.refresh_token));
  assert.equal((await api(judge, 'me', tokens.access_token)).status, 401);

  tokens = await connected(client);
  await judge.withdrawConsent();
  assert.equal((await api(judge, 'me', tokens.access_token)).status, 401);
  assert.equal((await refresh(client, tokens.refresh_token)).error, 'invalid_grant');
});

test('a token without the scope is refused by the API', async () => {
  const { heard, exchange } = await authorize(judge, judge.clients.public, ada.approve, { scope: 'openid offline_access' });
  const tokens = await exchange(heard[0].get('code'));
  assert.equal((await api(judge, 'me', tokens.access_token)).status, 200);
  assert.equal((await api(judge, 'things', tokens.access_token)).status, 403);
});

test('two people do not see each other', async () => {
  const grace = await browser.person('grace');
  const { heard, exchange } = await authorize(judge, judge.clients.public, grace.approve);
  assert.equal((await api(judge, 'me', (await exchange(heard[0].get('code'))).access_token)).id, 'grace');
  assert.equal((await api(judge, 'me', (await connected()).access_token)).id, 'ada');
});

test('a secret is found wherever it begins and in whatever form', () => {
  const secret = 'rt-Zq8/Tn+Yx3 "Wk5"';
  for (const before of ['', 'a', 'ab', 'abc']) {
    const text = before + secret;
    const written = [text, JSON.stringify({ text }), new URLSearchParams({ text }).toString(), encodeURIComponent(text)];
    for (const encoding of ['base64', 'base64url', 'hex']) written.push(Buffer.from(`${text}:after`).toString(encoding));
    for (const content of written) assert.equal(leaks([secret], [['file', Buffer.from(content)]]).length, 1, content);
  }
  assert.deepEqual(leaks([secret], [['file', Buffer.from('rt-Zq8 and others')]]), []);
  assert.ok(formsOf(secret).every((form) => form.length >= 12));
});
