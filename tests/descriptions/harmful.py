"""Descriptions that mean harm."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from shapes import (
    METADATA,
    body,
    chain,
    discovery,
    document,
    doubling,
    doubling_parts,
    json_around,
    laughs,
    many,
    nested,
    oauth,
    operation,
    query,
    ref,
    ring,
    schemas,
    swagger,
    yaml_around,
)

# What shows as nothing or turns a text around: a bell, an escape, an override and an isolate of direction, a joiner, a private
# character, a tag, a line break that few know, and a byte order mark.
TRICKS = "a\x07b\x1b[31mc\u202ed\u2066e\u200df\ue000g\U000e0041h\u0085i\ufeffj"


def reach(canary: str) -> dict[str, dict]:
    """References to what nobody should read, at each place that may have one."""
    made = {}
    for name, url in {
        "metadata": METADATA,
        "passwd": "file:///etc/passwd",
        "absolute": "/etc/passwd",
        "upwards": "../../../../../../etc/passwd",
        "canary": f"{canary}/schema.json",
        "share": "//127.0.0.1/share/a.json",
        "encoded": "%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "itself": "#",
        "nothing": "#/components/schemas/Nothing",
        "device": "/dev/zero",
        "process": "/proc/self/environ",
    }.items():
        reference = {"$ref": url}
        made[f"ref-schema-{name}"] = schemas(reference)
        made[f"ref-path-{name}"] = document(paths={"/a": reference, "/b": {"get": operation()}})
        made[f"ref-parameter-{name}"] = document(paths={"/a": {"get": operation(parameters=[reference])}})
        made[f"ref-body-{name}"] = document(paths={"/a": {"post": operation(requestBody=reference)}})
        made[f"ref-scheme-{name}"] = document(components={"securitySchemes": {"s": reference}}, security=[{"s": []}])
    made["external-value"] = document(
        paths={
            "/a": {
                "post": operation(
                    requestBody={
                        "content": {"application/json": {"schema": {}, "examples": {"e": {"externalValue": f"{canary}/e"}}}}
                    }
                )
            }
        }
    )
    made["openid-metadata"] = document(
        components={"securitySchemes": {"s": {"type": "openIdConnect", "openIdConnectUrl": f"{canary}/openid"}}},
        security=[{"s": []}],
    )
    return made


def documents(canary: str) -> dict[str, str | bytes | dict]:
    """By names: a dictionary is written as JSON, and a text that is no JSON as YAML."""
    long = "a" * 100_000
    tricks = {f"{TRICKS}{n}": {"type": "string", "description": TRICKS} for n in range(3)}
    return reach(canary) | {
        "cycle-alone": schemas(ref("A")),
        "cycle-of-two": schemas(ref("B"), B=ref("A")),
        "cycle-all-of": schemas({"allOf": [ref("A")]}),
        "cycle-any-of": schemas({"anyOf": [ref("B"), {"type": "null"}]}, B={"oneOf": [ref("A")]}),
        "cycle-properties": schemas({"type": "object", "properties": {"a": ref("A")}, "required": ["a"]}),
        "cycle-paths": document(paths={"/a": {"$ref": "#/paths/~1b"}, "/b": {"$ref": "#/paths/~1a"}, "/c": {"get": operation()}}),
        "cycle-parameters": document(
            paths={"/a": {"get": operation(parameters=[{"$ref": "#/components/parameters/P"}])}},
            components={"parameters": {"P": {"$ref": "#/components/parameters/Q"}, "Q": {"$ref": "#/components/parameters/P"}}},
        ),
        "aliases-that-double": laughs(),
        "alias-of-itself": "openapi: 3.0.3\ninfo: &i {title: A, version: '1', x: *i}\npaths: {/a: {get: {responses: {}}}}\n",
        "merge-keys-that-double": "x-a0: &a0 {k: 1}\n"
        + "".join(f"x-a{n + 1}: &a{n + 1} {{<<: [*a{n}, *a{n}]}}\n" for n in range(60))
        + yaml_around("{}"),
        "schemas-that-double": doubling(),
        "parts-that-double": doubling_parts(),
        "chain-of-references": chain(20_000),
        "five-megabytes": document(info={"title": "A", "version": "1", "description": "word " * 1_000_000}),
        "seventeen-mebibytes": document(info={"title": "A", "version": "1", "description": "x" * (17 << 20)}),
        "no-ids": document(paths={f"/{'a/' * n}{{id}}": {"get": operation()} for n in range(200)}),
        "ids-twice": document(paths={f"/a{n}": {"get": operation(operationId="same", tags=["same"])} for n in range(1000)}),
        "ids-of-nothing": document(
            paths={
                f"/a{n}": {"get": operation(operationId=name)}
                for n, name in enumerate(["", " ", "/", ".", "-", "é", "\u202e", "__proto__", "a" * 10_000])
            }
        ),
        "levels-json-objects": json_around(nested(10_000, '{"a":', "1}"[-1:]).replace(":}", ":1}", 1)),
        "levels-json-lists": json_around(nested(10_000, "[", "]")),
        "levels-json-schemas": json_around('{"items":' * 10_000 + "{}" + "}" * 10_000),
        "levels-yaml-flow": yaml_around(nested(10_000, "[", "]")),
        "levels-yaml-flow-maps": yaml_around("{items: " * 10_000 + "{}" + "}" * 10_000),
        "levels-yaml-blocks": yaml_around("{}") + "x-deep:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 4000)),
        "levels-yaml-dashes": "- " * 100_000,
        "levels-open-only": "[" * 1_000_000,
        "levels-open-maps": '{"a":' * 1_000_000,
        "levels-100-schemas": json_around('{"items":' * 100 + "{}" + "}" * 100),
        "control-characters": document(
            info={"title": TRICKS, "version": TRICKS, "description": TRICKS},
            paths={
                "/a": {
                    "get": operation(
                        operationId=TRICKS,
                        summary=TRICKS,
                        description=TRICKS,
                        tags=[TRICKS],
                        parameters=[
                            {
                                "name": "q",
                                "in": "query",
                                "description": TRICKS,
                                "schema": {"type": "string", "enum": [TRICKS, "a"], "default": TRICKS},
                            }
                        ],
                    )
                },
                "/b": {"post": body({"type": "object", "properties": tricks})},
                f"/{TRICKS}": {"get": operation()},
                f"/c/{{{TRICKS}}}": {
                    "get": operation(parameters=[{"name": TRICKS, "in": "path", "required": True, "schema": {"type": "string"}}])
                },
            },
        ),
        "control-characters-of-schemes": document(
            servers=[{"url": f"https://{TRICKS}.example.com", "description": TRICKS}],
            components={
                "securitySchemes": {TRICKS: {"type": "apiKey", "in": "header", "name": f"X-{TRICKS}", "description": TRICKS}}
            },
            security=[{TRICKS: []}],
        ),
        "control-characters-of-answers": document(
            paths={"/a": {"get": {"responses": {"200": {"description": TRICKS, "headers": {TRICKS: {}}, "content": {TRICKS: {}}}}}}}
        ),
        "header-with-a-line-break": document(
            paths={
                "/a": {
                    "get": operation(
                        parameters=[
                            {"name": "X-A\r\nEvil: 1", "in": "header", "schema": {"type": "string", "enum": ["a\r\nEvil: 1"]}}
                        ]
                    )
                }
            }
        ),
        "prototypes": document(
            paths={
                "/__proto__": {
                    "post": body(
                        {
                            "type": "object",
                            "properties": {
                                name: {"type": "string"}
                                for name in ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"]
                            },
                        }
                    )
                }
            },
            components={"schemas": {"__proto__": {"type": "string"}, "constructor": ref("__proto__")}},
        ),
        "paths-without-a-slash": document(
            paths={
                "a": {"get": operation()},
                "": {"get": operation()},
                "https://evil.example/a": {"get": operation()},
                "//evil.example/a": {"get": operation()},
                "/b": {"get": operation()},
            }
        ),
        "paths-with-dots": document(
            paths={
                "/../a": {"get": operation()},
                "/a/./b": {"get": operation()},
                "/%2e%2e/a": {"get": operation()},
                "/a\\b": {"get": operation()},
                "/a?b=c#d": {"get": operation()},
            }
        ),
        "paths-with-bad-braces": document(
            paths={
                "/{": {"get": operation()},
                "/}": {"get": operation()},
                "/{}": {"get": operation()},
                "/{{a}}": {"get": operation()},
                "/{a}{a}": {"get": operation()},
                "/{a/b}": {"get": operation()},
                "/ok": {"get": operation()},
            }
        ),
        "a-hundred-thousand-operations": many(100_000),
        "many-parameters": document(
            paths={
                "/a": {
                    "get": operation(
                        parameters=[{"name": f"p{n}", "in": "query", "schema": {"type": "string"}} for n in range(50_000)]
                    )
                }
            }
        ),
        "parameters-twice": document(
            paths={"/a": {"get": operation(parameters=[{"name": "p", "in": "query", "schema": {"type": "string"}}] * 1000)}}
        ),
        "huge-enum": document(paths={"/a": {"get": query({"type": "string", "enum": [f"value-{n}" for n in range(200_000)]})}}),
        "pattern-that-explodes": document(paths={"/a": {"get": query({"type": "string", "pattern": "^(((a+)+)+)+$"})}}),
        "pattern-that-is-large": document(
            paths={"/a": {"get": query({"type": "string", "pattern": "(((a{1,1000}){1,1000}){1,1000}){1,1000}"})}}
        ),
        "pattern-that-nests": document(
            paths={"/a": {"get": query({"type": "string", "pattern": "(" * 50_000 + "a" + ")" * 50_000})}}
        ),
        "pattern-that-looks-around": document(
            paths={"/a": {"get": query({"type": "string", "pattern": "^(?=a)(?!b)(?<=c)\\k<d>[\\p{Evil}]$"})}}
        ),
        "patterns-of-names": document(
            paths={"/a": {"post": body({"type": "object", "patternProperties": {"^(a+)+$": {}, "(": {}, "(?=a)": {}}})}}
        ),
        "numbers-too-large": json.dumps(
            document(paths={"/a": {"get": query({"type": "integer", "maximum": 9e99, "multipleOf": 0, "minLength": -1})}})
        ).replace("9e+99", "1" + "0" * 5000),
        "exponent-too-large": json.dumps(document(paths={"/a": {"get": query({"type": "number", "maximum": 9e99})}})).replace(
            "9e+99", "1e999999999"
        ),
        "server-of-metadata": document(servers=[{"url": METADATA}]),
        "server-of-a-file": document(servers=[{"url": "file:///etc/passwd"}]),
        "server-with-credentials": document(servers=[{"url": "https://ada:secret@api.example.com/a?b=c#d"}]),
        "server-of-script": document(
            servers=[{"url": "javascript:alert(1)"}, {"url": "https://"}, {"url": "https://[::1"}, {"url": "\\\\share\\a"}]
        ),
        "server-variables": document(
            servers=[
                {
                    "url": "{scheme}://{host}{port}/{a}{b}",
                    "variables": {
                        "scheme": {"default": "file"},
                        "host": {"default": "169.254.169.254"},
                        "port": {"default": ":80/../.."},
                        "a": {"default": TRICKS},
                    },
                }
            ]
        ),
        "server-that-nests": document(
            servers=[{"url": "https://{a}.example.com", "variables": {"a": {"default": "{a}{a}", "enum": ["{a}"] * 1000}}}]
        ),
        "oauth-of-metadata": oauth(),
        "oauth-of-a-file": oauth(tokenUrl="file:///etc/passwd", authorizationUrl="javascript:alert(1)"),
        "oauth-many-scopes": oauth(
            authorizationUrl="https://a.example/a",
            tokenUrl="https://a.example/t",
            scopes={f"s{n} {TRICKS}": TRICKS for n in range(5000)},
        ),
        "long-names": document(
            info={"title": long, "version": long},
            paths={
                f"/{long}": {"get": operation(operationId=long, tags=[long], summary=long)},
                "/b": {"get": query({"type": "string"}, long)},
                "/c": {"post": body({"type": "object", "properties": {long: {"type": "string", "description": long}}})},
            },
            components={"securitySchemes": {long: {"type": "apiKey", "in": "header", "name": long}}},
        ),
        "many-tags": document(paths={"/a": {"get": operation(tags=[f"t{n}" for n in range(100_000)])}}),
        "many-media-types": document(
            paths={
                "/a": {
                    "post": operation(requestBody={"content": {f"application/x{n}+json": {"schema": {}} for n in range(20_000)}})
                }
            }
        ),
        "many-answers": document(paths={"/a": {"get": {"responses": {str(n): {"description": "a"} for n in range(100_000)}}}}),
        "wrong-kinds": document(
            info=7,
            servers="a",
            paths={
                "/a": 1,
                "/b": {"get": []},
                "/c": {"get": {"parameters": {}, "responses": 3, "tags": 1, "operationId": [], "security": "a"}},
                "/d": {"get": operation()},
            },
            components=[],
            security=5,
        ),
        "wrong-kinds-within": document(
            paths={
                "/a": {
                    "post": operation(
                        parameters=[1, None, {"name": 1, "in": 2}, {"name": "a"}],
                        requestBody={"content": {"application/json": {"schema": 5}, "": None, "a": []}},
                    )
                }
            }
        ),
        "schemas-of-wrong-kinds": schemas(
            {
                "type": "int",
                "required": True,
                "properties": [],
                "items": 5,
                "enum": "a",
                "minimum": "1",
                "pattern": 3,
                "allOf": {},
                "additionalProperties": "no",
                "$ref": 7,
                "format": [],
                "$defs": 1,
            }
        ),
        "schemas-with-ids": schemas(
            {
                "$id": METADATA,
                "$schema": "https://evil.example/schema",
                "$anchor": "a",
                "$dynamicRef": "#a",
                "$dynamicAnchor": "a",
                "$vocabulary": {"https://evil.example": True},
                "properties": {"a": {"$ref": "#a"}},
            }
        ),
        "duplicate-keys": json.dumps(document()).replace('"paths": {', '"openapi": "2.0", "paths": {"/a": {}, ', 1),
        "empty": "",
        "blank": " \n\t\n",
        "null": "null",
        "number": "7",
        "html": "<!doctype html><html><body>Sign in</body></html>",
        "graphql": {"data": {"__schema": {"types": []}}},
        "postman": {
            "info": {"_postman_id": "a", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
            "item": [],
        },
        "asyncapi": {"asyncapi": "3.0.0", "info": {"title": "A", "version": "1"}, "channels": {}},
        "no-paths": document(paths={}),
        "version-of-tomorrow": document(openapi="4.0.0"),
        "not-utf-8": b'{"openapi": "3.0.3", "info": {"title": "\xff\xfe\x80"}}',
        "half-a-surrogate": json.dumps(
            document(info={"title": "\ud800", "version": "1"}, paths={"/a": {"get": operation(summary="\udfff")}})
        ),
        "utf-16": json.dumps(document()).encode("utf-16"),
        "utf-32": json.dumps(document()).encode("utf-32"),
        "nul-bytes": b"\0" * 1_000_000,
        "cut-off": json.dumps(document())[:-20],
        "many-documents": yaml_around("{}") + "---\n" + yaml_around("{}"),
        "tags-of-yaml": "!!python/object/apply:os.system ['touch /tmp/owned']\n",
        "keys-of-yaml": "? [a, b]\n: 1\n? {c: d}\n: 2\n",
        "swagger-cycle": swagger(
            paths={"/a": {"post": operation(parameters=[{"name": "b", "in": "body", "schema": {"$ref": "#/definitions/A"}}])}},
            definitions={"A": {"$ref": "#/definitions/A"}},
        ),
        "swagger-of-metadata": swagger(host="169.254.169.254", basePath="/../..", schemes=["http", "file"]),
        "swagger-of-wrong-kinds": swagger(
            host=["a"], basePath=1, schemes="https", consumes={}, parameters=[], securityDefinitions=[1]
        ),
        "discovery-of-metadata": discovery(rootUrl="http://169.254.169.254/", servicePath="../.."),
        "discovery-cycle": discovery(
            schemas={"A": {"id": "A", "$ref": "A"}},
            resources={"b": {"methods": {"post": {"id": "a.b.post", "path": "a", "httpMethod": "POST", "request": {"$ref": "A"}}}}},
        ),
        "discovery-levels": ring(40),
        "discovery-many-levels": json.dumps(discovery()).replace(
            '"resources": {', '"resources": {"r": ' + '{"resources": {"r": ' * 5000 + "{}" + "}}" * 5000 + ", ", 1
        ),
        "discovery-of-wrong-kinds": discovery(rootUrl=1, resources=[1], methods="a", schemas=5, auth={"oauth2": 7}, parameters=[]),
    }


@dataclass
class Case:
    name: str
    # What `--from` has.
    source: str | Path


def cases(folder: Path, canary: str) -> list[Case]:
    made = []
    for name, content in documents(canary).items():
        data = content if isinstance(content, bytes) else (content if isinstance(content, str) else json.dumps(content)).encode()
        file = folder / (f"{name}.json" if data[:1] in b"{[\xff" and data else f"{name}.yaml")
        file.write_bytes(data)
        made.append(Case(name, file))
    (folder / "a-folder.json").mkdir()
    os.mkfifo(folder / "a-pipe.json")
    (folder / "leads-out.json").symlink_to("/etc/passwd")
    around = folder / "leads-out-within"
    around.mkdir()
    (around / "passwd.yaml").symlink_to("/etc/passwd")
    os.mkfifo(around / "pipe.yaml")
    (around / "ring.yaml").write_text("a: {$ref: 'ring.yaml#/a'}\n")
    for name, target in {
        "symlink": "passwd.yaml",
        "pipe": "pipe.yaml",
        "ring": "ring.yaml#/a",
        "folder": "../leads-out-within",
        "missing": "missing.yaml",
    }.items():
        file = around / f"within-{name}.json"
        file.write_text(json.dumps(schemas({"$ref": target})))
        made.append(Case(f"file-{name}", file))
    made += [Case(name, folder / f"{name}.json") for name in ("a-folder", "a-pipe", "missing", "leads-out")]
    made += [Case("device", Path("/dev/zero")), Case("process", Path("/proc/self/environ"))]
    for name in ("endless", "to-metadata", "to-a-file", "around", "page", "head"):
        made.append(Case(f"url-{name}", f"{canary}/{name}"))
    return made + [
        Case("url-metadata", METADATA),
        Case("url-file", "file:///etc/passwd"),
        Case("url-other", "ftp://127.0.0.1/a.json"),
    ]
