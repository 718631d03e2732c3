// An API that wants a token of the provider: `/api/me` says whose it is, `/api/things` wants the scope `things:read`.

import { createLocalJWKSet, jwtVerify } from 'jose';

export async function answerApi(judge, request, response) {
  const { pathname } = new URL(request.url, judge.issuer);
  const [status, body, challenge] = await answer(judge, request, pathname).catch(() => [500, { error: 'server_error' }]);
  judge.calls.push({ path: pathname, status });
  if (challenge) response.setHeader('www-authenticate', challenge);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function answer(judge, request, path) {
  const value = /^Bearer ([\w.~+/-]+=*)$/.exec(request.headers.authorization ?? '')?.[1];
  if (!value) return [401, { error: 'a token is needed' }, 'Bearer'];
  const token = (await known(judge, value)) ?? (await signed(judge, value));
  if (!token) return [401, { error: 'invalid_token' }, 'Bearer error="invalid_token"'];
  if (path === '/api/me') return [200, { id: token.subject, client: token.client, scopes: token.scopes }];
  if (path !== '/api/things') return [404, { error: 'not_found' }];
  if (!token.scopes.includes('things:read')) {
    return [403, { error: 'insufficient_scope' }, 'Bearer error="insufficient_scope", scope="things:read"'];
  }
  return [200, { things: [{ id: 1, name: 'anchor' }, { id: 2, name: 'bollard' }] }];
}

/// A token that only the provider understands.
async function known({ provider }, value) {
  const token = (await provider.AccessToken.find(value)) ?? (await provider.ClientCredentials.find(value));
  if (!token?.isValid) return undefined;
  return { subject: token.accountId ?? token.clientId, client: token.clientId, scopes: [...token.scopes] };
}

/// A token that says by itself what it is (RFC 9068).
async function signed(judge, value) {
  if (value.split('.').length !== 3) return undefined;
  judge.keys ??= createLocalJWKSet(await (await fetch(`${judge.issuer}/jwks`)).json());
  const expected = { issuer: judge.issuer, audience: `${judge.issuer}/api`, typ: 'at+jwt' };
  const { payload } = await jwtVerify(value, judge.keys, expected).catch(() => ({}));
  return payload && { subject: payload.sub, client: payload.client_id, scopes: (payload.scope ?? '').split(' ') };
}
