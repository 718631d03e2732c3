// A client of which TypeScript knows every operation, by openapi-typescript and openapi-fetch.
import createClient from "openapi-fetch";

import type { paths } from "./generated/api.js";

declare const process: { env: Record<string, string | undefined> };

const [baseUrl, token] = [process.env.WHARF_URL, process.env.WHARF_TOKEN];
const wharf = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

function is(fact: boolean, what: string): asserts fact {
  if (!fact) throw new Error(`TypeScript: ${what}`);
}

const sessions = "/v1/plugins/appwrite/operations/users.list-sessions";
const called = await wharf.POST(sessions, { body: { input: { userId: "ada" }, retries: 1 } });
is(called.data !== undefined, `a call: ${JSON.stringify(called.error)}`);
is(called.data.plugin.name === "appwrite" && called.data.output !== undefined, "its answer");
is(called.response.headers.get("Wharf-Call") === called.data.call, "its id, as a header too");

// @ts-expect-error: `userId` is missing, and the compiler knows it.
const refused = await wharf.POST(sessions, { body: { input: {} } });
is(refused.error?.type === "urn:wharf:problem:invalid-input", `a wrong input: ${JSON.stringify(refused.error)}`);
is(refused.error.detail.includes("userId"), "that says what is wrong");

const dry = await wharf.POST("/v1/plugins/appwrite/operations/users.delete-session", {
  body: { input: { userId: "ada", sessionId: "first" }, dryRun: true },
});
is(dry.data?.requests?.length === 1, `a dry run: ${JSON.stringify(dry)}`);

const later = await wharf.POST(sessions, {
  body: { input: { userId: "ada" } },
  params: { header: { Prefer: "respond-async", "Idempotency-Key": "typescript-1" } },
});
is(later.response.status === 202, `a call that is accepted: ${later.response.status}`);
const call = later.response.headers.get("Wharf-Call") ?? "";
const ended = await wharf.GET("/v1/calls/{call}", { params: { path: { call }, query: { wait: 30 } } });
is(ended.data?.state === "succeeded", `and ends: ${JSON.stringify(ended)}`);

const items = await wharf.POST("/v1/plugins/{plugin}/operations/{operation}/items", {
  params: { path: { plugin: "appwrite", operation: "users.list-sessions" } },
  body: { items: [{ userId: "ada" }, { userId: "" }], continueOnFail: true },
  parseAs: "text",
});
const lines = (items.data ?? "").trim().split("\n").map((line) => JSON.parse(line));
is(lines.length === 3 && lines[2].done && lines[2].succeeded === 1 && lines[2].failed === 1, `items: ${items.data}`);

const found = await wharf.GET("/v1/operations", { params: { query: { q: "end a user's session", limit: 3 } } });
is(found.data?.items.some((one) => one.name === "users.delete-session") === true, "a search");
const plugin = await wharf.GET("/v1/plugins/{plugin}", { params: { path: { plugin: "chatwoot" } } });
is((plugin.data?.fields.length ?? 0) > 0, "a plugin's fields");
const etag = plugin.response.headers.get("ETag") ?? "";
const again = await wharf.GET("/v1/plugins/{plugin}", {
  params: { path: { plugin: "chatwoot" }, header: { "If-None-Match": etag } },
  parseAs: "text",
});
is(again.response.status === 304, `an ETag that still holds: ${again.response.status}`);
