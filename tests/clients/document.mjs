// What a program needs of a running server: its document, as a file. Also that the document keeps its word on ETags.
import { writeFile } from "node:fs/promises";

const [file] = process.argv.slice(2);
const [url, token] = [process.env.WHARF_URL, process.env.WHARF_TOKEN];
const get = (headers) => fetch(`${url}/openapi.json`, { headers: { Authorization: `Bearer ${token}`, ...headers } });

const answer = await get({});
if (answer.status !== 200) throw new Error(`/openapi.json: ${answer.status} ${await answer.text()}`);
await writeFile(file, await answer.text());
const again = await get({ "If-None-Match": answer.headers.get("ETag") });
if (again.status !== 304) throw new Error(`/openapi.json has not changed, and comes with ${again.status}`);
const nobody = await fetch(`${url}/openapi.json`);
if (nobody.status !== 401) throw new Error(`/openapi.json is told to nobody with ${nobody.status}`);
