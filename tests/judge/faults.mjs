// Shows that the stories find faults: each fault of the stand-in has to make its story fail, and without one all of them pass.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/// What the stand-in does wrong, and a word of the story that finds it.
const FAULTS = [
  ['no-lock', 'processes call with a token that has run out, of the client public'],
  ['no-second-look', 'processes call with a token that has run out, of the client public'],
  ['no-second-look', 'forgets a token'],
  ['keeps-the-first', 'twenty renewals'],
  ['asks-again', 'withdraws consent'],
  ['revokes-nothing', 'is revoked'],
  ['any-state', 'a wrong state'],
  ['any-state', 'a missing state'],
  ['any-browser', 'another browser'],
  ['any-issuer', 'of another server is'],
  ['any-issuer', 'without its sender'],
  ['page-with-code', 'the last page'],
  ['plain-store', 'by the client public'],
  ['prints-address', 'by the client public'],
  ['verbose-token', 'said at length'],
];

function judged(words, fault) {
  const env = { ...process.env, WHARF: here('stand-in.mjs'), FAULT: fault };
  const child = spawn(process.execPath, [here('judge.mjs'), ...words], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out })));
}

let missed = 0;
const hold = (what, found, out) => {
  console.log(`${found ? '✓' : '✗'} ${what}`);
  if (!found) missed += 1;
  if (!found) console.log(out);
};

const all = await judged([], '');
hold('without a fault every story passes', all.code === 0, all.out);
for (const [fault, word] of FAULTS) {
  const { code, out } = await judged([word], fault);
  hold(`${fault} is found by the story “${word}”`, code === 1 && out.endsWith('\n0 passed, 1 failed\n'), out);
}
console.log(`${FAULTS.length + 1 - missed} passed, ${missed} failed`);
process.exitCode = missed && 1;
