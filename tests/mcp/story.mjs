// What an agent does, told once for every client: `of` is a client with the members that are used below.
import assert from "node:assert/strict";
import { readFile, rename, writeFile } from "node:fs/promises";

const FIVE = ["search", "describe", "call", "connect", "request-approval"];

export async function story(name, of) {
  const tools = await of.tools();
  assert.deepEqual(tools.slice(0, 5).map((tool) => tool.name), FIVE);
  assert.equal(tools.find((tool) => tool.name === "search").annotations.readOnlyHint, true);

  const found = await good(of, "search", { query: "end a session of a user", plugin: "appwrite" });
  assert.ok(JSON.stringify(found).includes("users.delete-session"), "what is searched for is found");

  const described = await good(of, "describe", { plugin: "appwrite", operation: "users.create" });
  assert.ok(JSON.stringify(described).includes("emailVerification"), "an input of it is described");

  const sessions = await good(of, "call", { plugin: "appwrite", operation: "users.list-sessions", input: { userId: "ada" } });
  assert.equal(sessions.output.total, 3);

  // A second user of this id would be refused by the provider.
  const write = { plugin: "appwrite", operation: "users.create", idempotencyKey: `key-${name}` };
  const first = await good(of, "call", { ...write, input: { userId: name } });
  const second = await good(of, "call", { ...write, input: { userId: name } });
  assert.deepEqual([first.replayed, second.replayed, second.call], [false, true, first.call]);
  const other = await bad(of, "call", { ...write, input: { userId: `${name}-other` } });
  assert.ok(other.type.endsWith("idempotency-conflict"), other.type);

  const file = await of.call("call", {
    plugin: "appwrite", operation: "files.download", input: { bucketId: "pictures", fileId: "lighthouse" },
  });
  const link = file.content.find((block) => block.type === "resource_link");
  const [read] = await of.read(link.uri);
  const bytes = read.blob === undefined ? Buffer.from(read.text) : Buffer.from(read.blob, "base64");
  assert.equal(bytes.length, file.structuredContent.files[0].size);

  const unknown = await bad(of, "call", { plugin: "appwrite", operation: "users.creat" });
  assert.ok(unknown.type.endsWith("unknown") && unknown.detail.includes("`users.create`"), unknown.detail);
  const wrong = await bad(of, "call", { plugin: "appwrite", operation: "users.list-sessions", input: {} });
  assert.ok(wrong.type.endsWith("invalid-input") && wrong.detail.includes("userId"), wrong.detail);

  const [changed] = await of.changes();
  const version = await swap();
  await changed;
  const after = await good(of, "call", { plugin: "appwrite", operation: "users.list-sessions", input: { userId: "ada" } });
  assert.equal(after.plugin.version, version);
  console.log(`✓ ${name}`);
}

async function good(of, tool, input) {
  const result = await of.call(tool, input);
  assert.ok(!result.isError, JSON.stringify(result.structuredContent));
  // A client that reads no data finds the same in a text.
  const texts = result.content.filter((block) => block.type === "text").map((block) => block.text);
  assert.deepEqual(JSON.parse(texts.at(-1)), result.structuredContent);
  return result.structuredContent;
}

async function bad(of, tool, input) {
  const result = await of.call(tool, input);
  assert.equal(result.isError, true, JSON.stringify(result));
  return result.structuredContent.problem;
}

// Puts another build of the plugin in the place of the one that answers: its version is the next one.
async function swap() {
  const file = process.env.PLUGIN;
  const component = await readFile(file, "latin1");
  const [, place, patch] = component.match(/(Appwrite)0\.1\.([0-9])/);
  const version = `0.1.${Number(patch) + 1}`;
  assert.match(version, /^0\.1\.[0-9]$/);
  await writeFile(`${file}.new`, component.replace(`${place}0.1.${patch}`, `${place}${version}`), "latin1");
  await rename(`${file}.new`, file);
  return version;
}
