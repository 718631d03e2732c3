// The official client of the first era (`@modelcontextprotocol/sdk`): sessions that `initialize` begins.
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { story } from "./story.mjs";

const { WHARF, CONFIG, WHARF_URL, WHARF_TOKEN } = process.env;

async function tell(name, transport) {
  const client = new Client({ name: "judge", version: "1" });
  await client.connect(transport);
  assert.equal(client.getServerVersion().name, "wharf");
  assert.ok(client.getInstructions().includes("search"));
  await story(name, {
    tools: async () => (await client.listTools()).tools,
    call: (name, input) => client.callTool({ name, arguments: input }),
    read: async (uri) => (await client.readResource({ uri })).contents,
    changes: async () => {
      const changed = new Promise((resolve) => client.setNotificationHandler(ToolListChangedNotificationSchema, resolve));
      return [changed];
    },
  });
  await client.close();
}

const headers = { Authorization: `Bearer ${WHARF_TOKEN}` };
await tell("legacy-http", new StreamableHTTPClientTransport(new URL(`${WHARF_URL}/mcp`), { requestInit: { headers } }));
await tell("legacy-stdio", new StdioClientTransport({ command: WHARF, args: ["mcp", "--config", CONFIG], env: process.env }));
