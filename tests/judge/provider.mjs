// A certified OpenID provider on loopback, made as strict as it can be: every refresh token is spent once, and one that is spent
// twice ends the whole grant; PKCE is required of everybody; every answer of the authorization endpoint says who answers.

import http from 'node:http';
import { pathToFileURL } from 'node:url';

import { Provider } from 'oidc-provider';

import { answerApi } from './api.mjs';
import { makeClients, signingKeys } from './clients.mjs';

// The library warns of what is on purpose here: pages for developers, and tokens in memory.
for (const name of ['info', 'warn']) {
  const say = console[name];
  console[name] = (...words) => String(words[0]).startsWith('oidc-provider ') || say.apply(console, words);
}

const DAY = 24 * 60 * 60;

/// Starts a provider on a port of the system's choice.
///
/// The object is also how a test looks behind the provider: what it issued, how often something was renewed, and what a
/// person does in the provider's own settings, such as withdrawing consent.
export async function startProvider({ accessLife = 3600 } = {}) {
  const server = http.createServer();
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address();
  const issuer = `http://127.0.0.1:${port}`;
  const judge = {
    issuer,
    port,
    clients: makeClients(),
    accessLife,
    /// How long, in milliseconds, an answer with tokens is under way: what was asked for has been done by then.
    slowness: 0,
    /// What was asked of the endpoint for tokens: `{ grant, client, error, why, again }`, in order. `again` says that the refresh
    /// token had been spent before.
    asked: [],
    /// What was revoked by its client.
    revoked: [],
    /// What the protected API was asked: `{ path, status }`.
    calls: [],
    /// Every text that nobody but a client and the provider may know.
    secrets: new Set(),
  };
  judge.provider = makeProvider(judge);
  watch(judge);
  lookBehind(judge);
  const callback = judge.provider.callback();
  server.on('request', (request, response) => {
    if (request.url.startsWith('/api/')) answerApi(judge, request, response);
    else callback(request, response);
  });
  judge.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return judge;
}

function makeProvider(judge) {
  const resource = `${judge.issuer}/api`;
  return new Provider(judge.issuer, {
    clients: Object.values(judge.clients).map((client) => client.registered),
    jwks: signingKeys(),
    cookies: { keys: ['of no worth: the provider lives as long as a test'] },
    scopes: ['openid', 'offline_access'],
    rotateRefreshToken: true,
    pkce: { required: () => true },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    features: {
      devInteractions: { enabled: true },
      deviceFlow: { enabled: true },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      dPoP: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        // One client gets tokens that say by themselves what they are, and the others such as only the provider understands.
        getResourceServerInfo: (_context, _indicator, client) => ({
          scope: 'things:read things:write',
          audience: resource,
          accessTokenFormat: client.clientId === judge.clients.rs256.registered.client_id ? 'jwt' : 'opaque',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    ttl: {
      AccessToken: () => judge.accessLife,
      ClientCredentials: () => judge.accessLife,
      AuthorizationCode: 60,
      DeviceCode: 600,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 14 * DAY,
      Grant: 14 * DAY,
      Session: DAY,
    },
  });
}

/// Writes down what the provider is asked, and everything secret that passes.
function watch(judge) {
  const { provider, asked, secrets } = judge;
  const spent = new Set();
  const keep = (value) => typeof value === 'string' && value !== '' && secrets.add(value);
  for (const client of Object.values(judge.clients)) {
    keep(client.secret);
    // The lines of a key one by one: it may be written in another way than it was read.
    for (const line of client.pem?.split('\n').filter((line) => line.length > 40) ?? []) keep(line);
  }
  provider.use(async (context, next) => {
    await next();
    const { route, params, client } = context.oidc ?? {};
    const body = context.body ?? {};
    for (const name of ['code', 'code_verifier', 'client_assertion', 'refresh_token', 'device_code']) keep(params?.[name]);
    for (const name of ['access_token', 'refresh_token', 'id_token', 'device_code']) keep(body[name]);
    if (route === 'token') {
      const again = spent.has(params?.refresh_token);
      asked.push({ grant: params?.grant_type, client: client?.clientId, error: body.error, why: body.error_description, again });
      if (!body.error && params?.refresh_token) spent.add(params.refresh_token);
    }
    if (route === 'token') await new Promise((resolve) => setTimeout(resolve, judge.slowness));
    if (route === 'revocation') judge.revoked.push(params?.token);
  });
  provider.on('authorization_code.saved', (code) => keep(code.jti));
}

/// What a test can do that a client can not.
function lookBehind(judge) {
  const { provider, asked } = judge;
  const alive = { grants: new Set(), access: new Set(), refresh: new Set() };
  provider.on('grant.saved', (grant) => alive.grants.add(grant.jti));
  provider.on('access_token.saved', (token) => alive.access.add(token.jti));
  provider.on('refresh_token.saved', (token) => alive.refresh.add(token.jti));
  provider.on('client_credentials.saved', (token) => alive.access.add(token.jti));

  judge.grants = (kind) => asked.filter(({ grant, error }) => grant === kind && !error).length;
  judge.refreshes = () => judge.grants('refresh_token');
  /// Refresh tokens that were spent a second time.
  judge.reuses = () => asked.filter(({ again }) => again).length;
  /// A person withdraws consent in the provider's settings: nothing that was issued is of any use.
  judge.withdrawConsent = async () => {
    for (const id of alive.grants) {
      await Promise.all(['AccessToken', 'RefreshToken', 'AuthorizationCode'].map((name) => provider[name].revokeByGrantId(id)));
      await (await provider.Grant.find(id))?.destroy();
    }
    alive.grants.clear();
  };
  /// The provider forgets its access tokens, long before they run out; the refresh tokens stay.
  judge.forgetAccessTokens = async () => {
    for (const value of alive.access) {
      for (const name of ['AccessToken', 'ClientCredentials']) await (await provider[name].find(value))?.destroy();
    }
    alive.access.clear();
  };
  /// The refresh tokens that can still be spent.
  judge.refreshTokens = async () => {
    const found = await Promise.all([...alive.refresh].map((value) => provider.RefreshToken.find(value)));
    return found.filter((token) => token?.isValid).map((token) => token.jti);
  };
}

async function main() {
  const judge = await startProvider({ accessLife: Number(process.env.JUDGE_ACCESS_LIFE ?? 3600) });
  const clients = Object.entries(judge.clients).map(([name, { registered, secret, pem, kid }]) => [
    name,
    { id: registered.client_id, secret, pem, kid },
  ]);
  console.log(JSON.stringify({ issuer: judge.issuer, port: judge.port, clients: Object.fromEntries(clients) }));
  process.stdin.resume().on('end', () => judge.stop().then(() => process.exit(0)));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
