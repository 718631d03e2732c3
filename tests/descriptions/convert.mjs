// A discovery document of Google as Swagger 2.0, by somebody else's program: Prism reads no discovery documents.
import { readFile, writeFile } from "node:fs/promises";
import converter from "google-discovery-to-swagger";

const [from, to] = process.argv.slice(2);
const discovery = JSON.parse(await readFile(from, "utf8"));
const swagger = converter.convert(discovery);

// Where an operation takes a file, the program has the types of files in the place of that of JSON, and not where files go.
swagger.consumes = ["application/json"];
for (const methods of Object.values(swagger.paths)) for (const operation of Object.values(methods)) delete operation.consumes;
for (const { httpMethod, path, mediaUpload } of methodsOf(discovery)) {
  const upload = mediaUpload?.protocols.simple.path;
  if (!upload) continue;
  const { parameters = [], ...operation } = swagger.paths[`/${path}`][httpMethod.toLowerCase()];
  const file = { name: "file", in: "body", required: true, schema: { type: "string", format: "binary" } };
  const others = parameters.filter((parameter) => parameter.in !== "body");
  swagger.paths[upload] ??= {};
  swagger.paths[upload][httpMethod.toLowerCase()] = { ...operation, consumes: ["*/*"], parameters: [...others, file] };
}
await writeFile(to, JSON.stringify(swagger));

function methodsOf({ methods = {}, resources = {} }) {
  return [...Object.values(methods), ...Object.values(resources).flatMap(methodsOf)];
}
