#!/usr/bin/env node
// A small Wharf of the judge's own, for one thing: to see that the stories can be told, and that each fault is found.
//
// `FAULT` names what it does wrong; see `faults.mjs`. It reads the same manifests, and keeps one encrypted file.

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';

import { DEVICE_GRANT, post, token } from './client.mjs';
import { REDIRECT_PATH } from './clients.mjs';
import { environmentOf } from './plugin.mjs';

const [command, ...words] = process.argv.slice(2);
const fault = (name) => process.env.FAULT === name;
const option = (name) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined);
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
const audit = (event) => appendFileSync('audit.jsonl', `${JSON.stringify(event)}\n`);
const now = () => Date.now() / 1000;

class Told extends Error {}
const tell = (words) => {
  throw new Told(words);
};

// What is kept.

const keyFile = path.join(process.env.HOME, 'key');
const vault = 'vault';

function load() {
  if (!existsSync(vault)) return {};
  const bytes = readFileSync(vault);
  const cipher = createDecipheriv('aes-256-gcm', readFileSync(keyFile), bytes.subarray(0, 12));
  cipher.setAuthTag(bytes.subarray(12, 28));
  return JSON.parse(Buffer.concat([cipher.update(bytes.subarray(28)), cipher.final()]));
}

function save(rows) {
  if (!existsSync(keyFile)) writeFileSync(keyFile, randomBytes(32), { mode: 0o600 });
  if (fault('plain-store')) writeFileSync('rows.json', JSON.stringify(rows));
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', readFileSync(keyFile), nonce);
  const text = Buffer.concat([cipher.update(JSON.stringify(rows)), cipher.final()]);
  writeFileSync('next', Buffer.concat([nonce, cipher.getAuthTag(), text]));
  renameSync('next', vault);
}

/// Nobody else is at work meanwhile.
async function alone(work) {
  for (;;) {
    try {
      mkdirSync('lock');
      break;
    } catch {
      await pause();
    }
  }
  try {
    return await work();
  } finally {
    rmdirSync('lock');
  }
}

const change = (name, row) => alone(() => save({ ...load(), [name]: row }));
const rowOf = (name) => load()[name] ?? tell(`there is no connection ${name}`);

// The client that the manifest describes.

function manifestOf(plugin) {
  const component = readFileSync(`plugins/${plugin}.wasm`);
  const start = component.indexOf('{"contract"');
  let end = component.indexOf('  ', start);
  while (component[end - 1] === 0x20) end -= 1;
  return JSON.parse(component.subarray(start, end).toString());
}

function clientOf(row) {
  const { client } = manifestOf(row.plugin).credentials.account.oauth2;
  const names = environmentOf(row.plugin.replace('judge-', ''));
  return {
    registered: { client_id: row.fields[client.id] },
    by: client.by,
    secret: process.env[names.secret],
    pem: process.env[names.key],
    kid: row.fields[client.key?.id],
    alg: client.key?.algorithm,
  };
}

async function ask(row, form) {
  const answer = await token(row.judge, clientOf(row), form);
  if (answer.error && form.grant_type !== DEVICE_GRANT) {
    tell(`the provider says ${answer.error}: look at the client's secret, or connect again: wharf connect ${row.plugin}`);
  }
  return answer;
}

const kept = (row, answer) => ({
  ...row,
  state: 'active',
  access: answer.access_token,
  refresh: answer.refresh_token,
  expires: now() + answer.expires_in,
});

// Commands.

async function connect() {
  const [plugin] = words;
  const fields = Object.fromEntries(words.filter((_, at) => words[at - 1] === '--field').map((text) => text.split('=')));
  const row = { plugin, fields, judge: { issuer: option('--server') }, scopes: option('--scopes') };
  const oauth2 = manifestOf(plugin).credentials.account.oauth2;
  const scope = row.scopes ?? oauth2.scopes.join(' ');
  let answer;
  if (oauth2.grants[0] === 'client-credentials') answer = await ask(row, { grant_type: 'client_credentials', scope });
  else if (words.includes('--device')) answer = await throughDevice(row, oauth2, scope);
  else answer = await throughBrowser(row, oauth2, scope);
  await change(`${plugin}/${option('--name')}`, kept(row, answer));
  console.error('connected');
}

async function throughDevice(row, { device }, scope) {
  const begun = await post(row.judge, clientOf(row), device.path, { scope, ...device.parameters });
  console.error(`open ${begun.verification_uri_complete}`);
  for (;;) {
    const answer = await ask(row, { grant_type: DEVICE_GRANT, device_code: begun.device_code });
    if (answer.error === 'authorization_pending') await pause();
    else return answer.error ? tell('the request was denied') : answer;
  }
}

async function throughBrowser(row, { authorize, issuer }, scope) {
  const [start, cookie, state, verifier] = Array.from({ length: 4 }, () => randomBytes(32).toString('base64url'));
  const listener = http.createServer();
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${listener.address().port}`;
  const redirect = origin + REDIRECT_PATH;
  // A browser sends cookies to every port of a host: the provider's come too, and those of another one who connects.
  const flow = `flow-${listener.address().port}`;
  const address = new URL(row.judge.issuer + authorize.path);
  address.search = new URLSearchParams({
    ...authorize.parameters,
    client_id: row.fields.client_id,
    response_type: 'code',
    redirect_uri: redirect,
    scope,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const page = (response, status, text, headers = {}) => {
    const always = { 'content-type': 'text/html', 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', connection: 'close' };
    response.writeHead(status, { ...always, ...headers }).end(`<!doctype html><title>Wharf</title><p>${text}`);
  };
  console.error(`open ${origin}/${start}`);
  if (fault('prints-address')) console.error(`that is ${address} with ${verifier}`);
  try {
    return await new Promise((resolve, reject) => {
      listener.on('request', async (request, response) => {
        const { pathname, searchParams: said } = new URL(request.url, origin);
        if (pathname === `/${start}`) {
          return page(response, 302, '', { location: address.href, 'set-cookie': `${flow}=${cookie}; HttpOnly; SameSite=Lax` });
        }
        if (pathname !== REDIRECT_PATH) return page(response, 404, 'nothing is here');
        const own = fault('any-browser') || (request.headers.cookie ?? '').includes(`${flow}=${cookie}`);
        const right = fault('any-state') || said.get('state') === state;
        if (!own || !right) {
          audit({ refused: 'callback' });
          return page(response, 400, 'this is not the answer that is waited for');
        }
        if (!fault('any-issuer') && said.get('iss') !== issuer) {
          audit({ refused: 'issuer' });
          return page(response, 400, 'another server answers');
        }
        if (said.get('error')) {
          page(response, 200, 'the request was denied');
          return reject(new Told(`the provider says ${said.get('error')}`));
        }
        const form = { grant_type: 'authorization_code', redirect_uri: redirect, code_verifier: verifier };
        const answer = await ask(row, { ...form, code: said.get('code') }).catch((error) => error);
        if (answer instanceof Error) {
          page(response, 502, 'it did not work');
          return reject(answer);
        }
        page(response, 200, fault('page-with-code') ? `connected <img src="/${said.get('code')}">` : 'connected');
        return resolve(answer);
      });
    });
  } finally {
    // What is being answered is answered to its end.
    listener.close();
    listener.closeIdleConnections();
  }
}

async function renew(name, seen) {
  const work = async () => {
    const row = rowOf(name);
    if (row.state === 'revoked') tell('the connection is revoked');
    if (row.state === 'needs-reconnect' && !fault('asks-again')) tell(`it needs you again: wharf connect ${row.plugin}`);
    // Somebody else was quicker.
    if (seen !== undefined && row.access !== seen && !fault('no-second-look')) return row;
    const form = row.refresh
      ? { grant_type: 'refresh_token', refresh_token: row.refresh }
      : { grant_type: 'client_credentials', scope: 'things:read' };
    const answer = await ask(row, form).catch((error) => {
      save({ ...load(), [name]: { ...row, state: 'needs-reconnect' } });
      throw error;
    });
    const next = kept(row, fault('keeps-the-first') ? { ...answer, refresh_token: row.refresh } : answer);
    save({ ...load(), [name]: next });
    return next;
  };
  return fault('no-lock') ? work() : alone(work);
}

async function call(plugin, operation) {
  const name = `${plugin}/${option('--connection')}`;
  let row = rowOf(name);
  if (row.state !== 'active' || row.expires <= now()) row = await renew(name, row.state === 'active' ? row.access : undefined);
  if (words.includes('--dry-run')) return;
  const { path: at } = manifestOf(plugin).operations[operation].request;
  const send = () => fetch(row.judge.issuer + at, { headers: { authorization: `Bearer ${row.access}` } });
  let answer = await send();
  if (answer.status === 401) {
    row = await renew(name, row.access);
    answer = await send();
  }
  if (words.includes('--verbose') && fault('verbose-token')) console.error(`sent Bearer ${row.access}`);
  audit({ operation, status: answer.status });
  if (!answer.ok) tell(`status ${answer.status}`);
  console.log(await answer.text());
}

async function connections([what, name]) {
  if (what === 'list') return console.log(Object.keys(load()).join('\n'));
  const row = rowOf(name);
  if (what === 'show') return console.log(JSON.stringify({ name, state: row.state }));
  if (what === 'refresh') return renew(name);
  if (what === 'test') {
    words.push('--connection', name.split('/')[1]);
    return call(row.plugin, 'me.get');
  }
  if (what === 'revoke') {
    if (!fault('revokes-nothing')) await post(row.judge, clientOf(row), '/token/revocation', { token: row.refresh });
    return change(name, { ...row, state: 'revoked' });
  }
  return change(name, undefined);
}

const commands = { connect, call: () => call(...words), connections: () => connections(words), audit: () => undefined };
if (!existsSync('audit.jsonl')) audit({ begun: true });
try {
  await commands[command]();
} catch (error) {
  console.error(`error: ${error instanceof Told ? error.message : error.stack}`);
  process.exitCode = 1;
}
