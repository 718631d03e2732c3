// The clients that the provider knows: one for each way of showing who asks, with keys and secrets made anew each time.

import { generateKeyPairSync, randomBytes } from 'node:crypto';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

/// The path that the browser comes back to. The port is free, as RFC 8252, section 7.3, has it for native applications.
export const REDIRECT_PATH = process.env.JUDGE_REDIRECT_PATH ?? '/callback';

/// A key pair: the private half as PEM (PKCS #8), the public one as a JWK.
function keyPair(alg) {
  const { privateKey, publicKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = `judge-${alg.toLowerCase()}`;
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    private: { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' },
    public: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' },
    kid,
  };
}

/// What the provider signs with.
export const signingKeys = () => ({ keys: [keyPair('RS256').private, keyPair('ES256').private] });

/// What is the same for each client that acts for a person.
const forPeople = {
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token', DEVICE],
  response_types: ['code'],
  redirect_uris: [`http://127.0.0.1${REDIRECT_PATH}`],
};

const secret = () => `judge-secret-${randomBytes(24).toString('base64url')}`;

/// Has what RFC 6749, section 2.3.1, wants form-encoded before it is put in the header of Basic.
const awkwardSecret = () => `judge secret:+%/=&~-${randomBytes(24).toString('base64url')}`;

function signing(alg, id) {
  const key = keyPair(alg);
  return {
    registered: {
      ...forPeople,
      client_id: id,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: alg,
      jwks: { keys: [key.public] },
    },
    by: 'jwt',
    pem: key.pem,
    kid: key.kid,
    alg,
  };
}

/// By a short name: what is registered with the provider, and what the client itself has to know.
export function makeClients() {
  const withSecret = (id, method, value) => ({
    registered: { ...forPeople, client_id: id, token_endpoint_auth_method: method, client_secret: value },
    by: method === 'client_secret_basic' ? 'basic' : 'body',
    secret: value,
  });
  const service = withSecret('judge-service', 'client_secret_basic', secret());
  Object.assign(service.registered, {
    application_type: 'web',
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
  });
  return {
    public: { registered: { ...forPeople, client_id: 'judge-public', token_endpoint_auth_method: 'none' }, by: 'none' },
    basic: withSecret('judge:basic', 'client_secret_basic', awkwardSecret()),
    body: withSecret('judge-body', 'client_secret_post', secret()),
    es256: signing('ES256', 'judge-es256'),
    rs256: signing('RS256', 'judge-rs256'),
    service,
  };
}
