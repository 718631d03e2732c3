// The official client of the second era (`@modelcontextprotocol/client`): 2026-07-28, without sessions.
import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { story } from "./story.mjs";

const { WHARF, CONFIG, WHARF_URL, WHARF_TOKEN } = process.env;

async function tell(name, transport) {
  const client = new Client({ name: "judge", version: "1" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(transport);
  assert.equal(client.getNegotiatedProtocolVersion(), "2026-07-28");
  await story(name, {
    tools: async () => (await client.listTools()).tools,
    call: (name, input) => client.callTool({ name, arguments: input }),
    read: async (uri) => (await client.readResource({ uri })).contents,
    changes: async () => {
      const changed = new Promise((resolve) => client.setNotificationHandler("notifications/tools/list_changed", resolve));
      await client.listen({ toolsListChanged: true });
      return [changed];
    },
  });
  await client.close();
}

const headers = { Authorization: `Bearer ${WHARF_TOKEN}` };
await tell("modern-http", new StreamableHTTPClientTransport(new URL(`${WHARF_URL}/mcp`), { requestInit: { headers } }));
await tell("modern-stdio", new StdioClientTransport({ command: WHARF, args: ["mcp", "--config", CONFIG], env: process.env }));
