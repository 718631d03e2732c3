// The plugin of the judge: a manifest for one client of the provider, written into a component that is nothing else.
//
// The component is `blank` of tests/guests, which JUDGE_PLUGIN names.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const MARK = 'A manifest is written over this text.';

/// The manifest of the plugin `judge-NAME`, for the client of this name.
export function manifest(judge, name) {
  const client = judge.clients[name];
  return {
    contract: '0.2.0-draft',
    name: `judge-${name}`,
    title: 'Judge',
    version: '1.0.0',
    summary: 'Whose token it is, and things that a token is needed for.',
    server: { summary: 'Address of the provider, such as http://127.0.0.1:4000' },
    fields: fields(name, client),
    credentials: { account: { summary: 'An account at the provider.', oauth2: oauth2(judge, name, client) } },
    test: { operation: 'me.get', identity: ['/id'] },
    schemes: {
      account: {
        summary: 'The token of the account.',
        placements: [{ header: 'Authorization', template: 'Bearer {credential.account.access}' }],
      },
    },
    scheme: 'account',
    operations: {
      'me.get': read('Whose token it is', '/api/me'),
      'things.list': read('List things', '/api/things'),
    },
  };
}

const read = (title, path) => ({ title, summary: `${title}.`, request: { method: 'GET', path } });

/// The names of fields are the same for each client, so that the stories are too.
function fields(name, client) {
  const environment = environmentOf(name);
  const all = { client_id: { title: 'Client ID', summary: 'From the provider.', required: true } };
  const secret = (title, variable) => ({
    title,
    summary: 'From the provider.',
    secret: true,
    required: true,
    environment: variable,
  });
  if (client.secret) all.client_secret = secret('Client secret', environment.secret);
  if (client.pem) {
    all.client_key = secret('Private key', environment.key);
    all.client_key_id = { title: 'ID of the key', summary: 'From the provider.' };
  }
  return all;
}

/// The variables that the secrets are read from.
export function environmentOf(name) {
  const plugin = `JUDGE_${name.toUpperCase()}`;
  return { secret: `${plugin}_CLIENT_SECRET`, key: `${plugin}_CLIENT_KEY` };
}

function oauth2(judge, name, client) {
  const token = { path: '/token' };
  const revoke = { path: '/token/revocation' };
  const by = { id: 'client_id', by: client.by };
  if (client.secret) by.secret = 'client_secret';
  if (client.pem) by.key = { field: 'client_key', algorithm: client.alg, id: 'client_key_id' };
  if (name === 'service') return { grants: ['client-credentials'], token, revoke, client: by, scopes: ['things:read'] };
  // This provider gives a refresh token only where a person is asked for their consent.
  const parameters = { prompt: 'consent' };
  return {
    grants: ['authorization-code', 'device-code'],
    authorize: { path: '/auth', parameters },
    device: { path: '/device/auth', parameters },
    token,
    revoke,
    client: by,
    scopes: ['openid', 'offline_access', 'things:read'],
    pkce: true,
    issuer: judge.issuer,
  };
}

/// Writes the component of a plugin into a folder.
export function writePlugin(folder, document) {
  const blank = process.env.JUDGE_PLUGIN;
  if (!blank) throw new Error('JUDGE_PLUGIN does not name the component `blank` of tests/guests');
  const component = readFileSync(blank);
  const start = component.indexOf(MARK);
  if (start < 0 || component.indexOf(MARK, start + 1) >= 0) throw new Error(`${blank} is not the component \`blank\``);
  let end = start + MARK.length;
  while (component[end] === 0x20) end += 1;
  const text = Buffer.from(JSON.stringify(document));
  const room = end - start;
  if (text.length > room) throw new Error(`the manifest has ${text.length} bytes, and the component room for ${room}`);
  component.fill(0x20, start, end);
  text.copy(component, start);
  writeFileSync(path.join(folder, `${document.name}.wasm`), component);
}
