// The command line of MCP Inspector, in both eras and over both transports: a process for each request.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";

const { WHARF, CONFIG, WHARF_URL, WHARF_TOKEN } = process.env;
const PROGRAM = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js";

const SERVERS = {
  http: ["--transport", "http", "--server-url", `${WHARF_URL}/mcp`, "--header", `Authorization: Bearer ${WHARF_TOKEN}`],
  // It has an option `--config` of its own, so the configuration is found in the folder.
  stdio: ["--transport", "stdio", "--cwd", dirname(CONFIG), WHARF, "mcp"],
};

async function inspect(server, era, words) {
  const args = [PROGRAM, "--cli", "--quiet", "--protocol-era", era, ...words, ...SERVERS[server]];
  const ended = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 }).catch((error) => error);
  assert.ok(ended.stdout, `${args.join(" ")}: ${ended.stderr}`);
  return JSON.parse(ended.stdout);
}

const call = (server, era, tool, input) =>
  inspect(server, era, ["--method", "tools/call", "--tool-name", tool, "--tool-args-json", JSON.stringify(input)]);

for (const server of Object.keys(SERVERS)) {
  for (const era of ["legacy", "modern"]) {
    const { tools } = await inspect(server, era, ["--method", "tools/list", "--strict"]);
    assert.equal(tools[0].name, "search");

    const found = await call(server, era, "search", { query: "end a session of a user", plugin: "appwrite" });
    assert.ok(JSON.stringify(found.structuredContent).includes("users.delete-session"));
    await call(server, era, "describe", { plugin: "appwrite", operation: "users.create" });

    const name = `inspector-${era}-${server}`;
    const write = { plugin: "appwrite", operation: "users.create", idempotencyKey: name, input: { userId: name } };
    const [first, second] = [await call(server, era, "call", write), await call(server, era, "call", write)];
    assert.deepEqual([first.structuredContent.replayed, second.structuredContent.replayed], [false, true]);

    const wrong = await call(server, era, "call", { plugin: "appwrite", operation: "users.creat" });
    assert.ok(wrong.isError && wrong.structuredContent.problem.detail.includes("`users.create`"));

    const { resourceTemplates } = await inspect(server, era, ["--method", "resources/templates/list"]);
    assert.ok(resourceTemplates[0].uriTemplate.startsWith("wharf://calls/"));
    if (server === "http") {
      // Files are kept by the process that has made the call, and on standard streams each request has another one.
      const input = { bucketId: "pictures", fileId: "lighthouse" };
      const file = await call(server, era, "call", { plugin: "appwrite", operation: "files.download", input });
      const link = file.content.find((block) => block.type === "resource_link");
      const { contents } = await inspect(server, era, ["--method", "resources/read", "--uri", link.uri]);
      assert.equal(contents.length, 1);
    }
    console.log(`✓ ${name}`);
  }
}
