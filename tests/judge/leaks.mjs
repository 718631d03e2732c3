// Looks for secrets in everything that is kept and said.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/// Shorter texts are found by chance.
const SHORTEST = 12;

/// The forms in which a secret can stand in a text: as it is, in a URL, in JSON, in hexadecimal and in base 64, wherever it
/// begins there.
export function formsOf(secret) {
  const bytes = Buffer.from(secret);
  const forms = [secret, encodeURIComponent(secret), new URLSearchParams({ secret }).toString().slice('secret='.length)];
  forms.push(JSON.stringify(secret).slice(1, -1), bytes.toString('hex'), bytes.toString('hex').toUpperCase());
  for (const before of [0, 1, 2]) {
    // The characters at either end depend on what stands beside the secret.
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64').replace(/=+$/, '');
    const own = text.slice(before && before + 1, -2);
    forms.push(own, own.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return [...new Set(forms)];
}

/// Every file below a folder, with what is in it.
export function filesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
    .map((file) => [file, readFileSync(file)]);
}

/// Where one of the secrets stands: `[place, the beginning of the secret]`. Places are `[name, Buffer]`.
export function leaks(secrets, places) {
  const searched = [...secrets].filter((secret) => secret.length >= SHORTEST);
  return searched.flatMap((secret) => {
    const forms = formsOf(secret);
    return places
      .filter(([, content]) => forms.some((form) => content.includes(form)))
      .map(([place]) => [place, `${secret.slice(0, 6)}…`]);
  });
}
