// A discovery document of Google as Swagger 2.0, by somebody else's program: Prism reads no discovery documents.
import { readFile, writeFile } from "node:fs/promises";
import converter from "google-discovery-to-swagger";

const [from, to] = process.argv.slice(2);
const swagger = converter.convert(JSON.parse(await readFile(from, "utf8")));
const base = swagger.basePath.replace(/\/$/, "");
swagger.basePath = "/";
// The program leaves out that bodies are JSON, and of an operation that takes a file too it names the types of files alone.
swagger.consumes = ["application/json"];
swagger.paths = Object.fromEntries(Object.entries(swagger.paths).map(([path, methods]) => [base + path, methods]));
for (const methods of Object.values(swagger.paths))
  for (const operation of Object.values(methods)) operation.consumes?.unshift("application/json");
await writeFile(to, JSON.stringify(swagger));
