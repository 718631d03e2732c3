// Wharf in a folder of its own, as a person at a terminal has it.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { filesIn } from './leaks.mjs';
import { environmentOf, manifest, writePlugin } from './plugin.mjs';

const PATIENCE = 30_000;

/// The binary that is judged.
export const binary = path.resolve(process.env.WHARF ?? new URL('../../target/debug/wharf', import.meta.url).pathname);

export class Wharf {
  /// One folder with a configuration. It gets the plugin for a client of the provider with the first connection of it.
  constructor(judge) {
    this.judge = judge;
    this.folder = mkdtempSync(path.join(tmpdir(), 'wharf-judge-'));
    const { PATH, FAULT = '' } = process.env;
    this.environment = { PATH, FAULT, HOME: path.join(this.folder, 'home') };
    /// All that was printed: `[command, Buffer]`.
    this.said = [];
    this.running = new Set();
    this.plugins = new Set();
    mkdirSync(this.environment.HOME);
    mkdirSync(path.join(this.folder, 'plugins'));
    writeFileSync(path.join(this.folder, 'wharf.toml'), 'plugins = ["plugins/"]\n\n[audit]\nfile = "audit.jsonl"\n');
  }

  /// Starts a command. `until` is resolved by the first match of a pattern in what it prints, and `ended` at its end.
  start(words, { environment = {}, verbose = false } = {}) {
    const args = verbose ? [...words, '--verbose'] : words;
    const child = spawn(binary, args, {
      cwd: this.folder,
      env: { ...this.environment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const run = { child, command: `wharf ${args.join(' ')}`, out: '', err: '' };
    const listeners = new Set();
    for (const [name, stream] of [['out', child.stdout], ['err', child.stderr]]) {
      stream.setEncoding('utf8').on('data', (text) => {
        run[name] += text;
        listeners.forEach((listener) => listener());
      });
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    this.running.add(run);
    run.ended = new Promise((resolve, reject) => {
      child.once('error', (error) => reject(new Error(`${binary} does not start: ${error.message}`)));
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        this.running.delete(run);
        this.said.push([run.command, Buffer.from(run.out + run.err)]);
        resolve({ ...run, code: code ?? signal });
      });
    });
    run.until = (pattern) => {
      const found = new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(run.out + run.err);
          if (found) listeners.delete(look) && resolve(found[0]);
        };
        listeners.add(look);
        run.ended.then((end) => reject(new Error(`no ${pattern} was printed:\n${shown(end)}`)), reject);
        look();
      });
      // It may be that nobody waits for it.
      found.catch(() => {});
      return found;
    };
    return run;
  }

  /// Runs a command to its end.
  run = (words, options) => this.start(words, options).ended;

  /// Runs a command that has to go well.
  async ok(words, options) {
    const run = await this.run(words, options);
    if (run.code !== 0) throw new Error(`it fails:\n${shown(run)}`);
    return run;
  }

  /// Runs a command that has to fail with words that say why, in one sentence.
  async fails(words, pattern, options) {
    return refused(await this.run(words, options), pattern);
  }

  /// Begins to connect with a client. `address` is resolved by what a person has to open.
  connect(client, { name = 'main', more = [], secret, device = false } = {}) {
    const { registered, secret: own, pem, kid } = this.judge.clients[client];
    if (!this.plugins.has(client)) writePlugin(path.join(this.folder, 'plugins'), manifest(this.judge, client));
    this.plugins.add(client);
    const words = ['connect', `judge-${client}`, '--name', name, '--no-browser', '--server', this.judge.issuer];
    words.push('--field', `client_id=${registered.client_id}`);
    if (kid) words.push('--field', `client_key_id=${kid}`);
    if (device) words.push('--device');
    Object.assign(this.environment, {
      ...(own && { [environmentOf(client).secret]: secret ?? own }),
      ...(pem && { [environmentOf(client).key]: pem }),
    });
    const run = this.start([...words, ...more]);
    const opened = device ? new RegExp(`${this.judge.issuer}/device\\S+(?=\\s)`) : /http:\/\/127\.0\.0\.1:\d+\/\S*(?=\s)/;
    return { ...run, address: client === 'service' ? undefined : run.until(opened) };
  }

  call = (client, operation, name = 'main') => ['call', `judge-${client}`, operation, '--connection', name];

  /// The output of an operation that has to go well.
  async called(client, operation, name) {
    return JSON.parse((await this.ok(this.call(client, operation, name))).out);
  }

  /// What `wharf connections show` tells, as JSON.
  async shown(client, name = 'main') {
    return JSON.parse((await this.ok(['connections', 'show', `judge-${client}/${name}`, '--json'])).out);
  }

  /// Everything that is kept and was said, for a search.
  places = () => [...filesIn(this.folder), ...this.said];

  /// Ends what still runs, so that all that it said is there.
  async settled() {
    const running = [...this.running];
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.allSettled(running.map((run) => run.ended));
  }

  remove = () => rmSync(this.folder, { recursive: true, force: true });
}

export const shown = ({ command, code, out, err }) => `$ ${command}\n${out}${err}(ended with ${code})`;

/// Holds that a command failed and said why, in one sentence that fits the pattern.
export function refused(run, pattern) {
  const errors = run.err.split('\n').filter((line) => line.startsWith('error:'));
  if (run.code === 0) throw new Error(`it should fail:\n${shown(run)}`);
  if (errors.length !== 1 || !pattern.test(errors[0])) throw new Error(`its error does not fit ${pattern}:\n${shown(run)}`);
  return run;
}
