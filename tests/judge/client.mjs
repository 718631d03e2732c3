// A client that is written by hand, to know that the provider and the browser are good before Wharf is judged by them.

import { createHash, createPrivateKey, randomBytes, randomUUID } from 'node:crypto';
import http from 'node:http';

import { SignJWT } from 'jose';

import { REDIRECT_PATH } from './clients.mjs';

export const SCOPES = 'openid offline_access things:read';
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/// What shows the client: members of the form, and headers.
async function shown(judge, { registered, by, secret, pem, kid, alg }) {
  const id = registered.client_id;
  if (by === 'none') return { form: { client_id: id } };
  if (by === 'body') return { form: { client_id: id, client_secret: secret } };
  if (by === 'basic') {
    const [user, password] = [id, secret].map((text) => new URLSearchParams({ text }).toString().slice('text='.length));
    return { headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` } };
  }
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg, kid })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(`${judge.issuer}/token`)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('60s')
    .sign(createPrivateKey(pem));
  return { form: { client_id: id, client_assertion_type: ASSERTION, client_assertion: assertion } };
}

/// Posts a form to the provider as this client.
export async function post(judge, client, path, form) {
  const { form: more, headers } = await shown(judge, client);
  const body = new URLSearchParams({ ...form, ...more });
  const answer = await fetch(judge.issuer + path, { method: 'POST', body, headers });
  const text = await answer.text();
  return { status: answer.status, ...(text && JSON.parse(text)) };
}

export const token = (judge, client, form) => post(judge, client, '/token', form);

export async function api(judge, path, access) {
  const answer = await fetch(`${judge.issuer}/api/${path}`, { headers: { authorization: `Bearer ${access}` } });
  return { status: answer.status, ...(await answer.json()) };
}

/// The authorization code flow, with a listener of its own. `go` is what a person does with the address.
export async function authorize(judge, client, go, more = {}) {
  const listener = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1');
    // A browser asks for the icon of a page besides.
    if (pathname === REDIRECT_PATH) heard.push(searchParams);
    response.end('heard');
  });
  const heard = [];
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const redirect = `http://127.0.0.1:${listener.address().port}${REDIRECT_PATH}`;
  const verifier = randomBytes(32).toString('base64url');
  const address = new URL(`${judge.issuer}/auth`);
  address.search = new URLSearchParams({
    client_id: client.registered.client_id,
    response_type: 'code',
    redirect_uri: redirect,
    scope: SCOPES,
    prompt: 'consent',
    state: 'a-state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  });
  try {
    const page = await go(address.href);
    const form = { grant_type: 'authorization_code', redirect_uri: redirect, code_verifier: verifier };
    return { page, heard, redirect, exchange: (code) => token(judge, client, { ...form, code }) };
  } finally {
    listener.closeAllConnections();
    listener.close();
  }
}
