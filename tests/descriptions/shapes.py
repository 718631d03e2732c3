"""Descriptions as small as they can be, for something to be wrong with."""

import json

METADATA = "http://169.254.169.254/latest/meta-data"


def document(**members) -> dict:
    return {
        "openapi": "3.0.3",
        "info": {"title": "A", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {"/a": {"get": operation()}},
        **members,
    }


def operation(**members) -> dict:
    return {"responses": {"200": {"description": "Good."}}, **members}


def body(schema) -> dict:
    return operation(requestBody={"content": {"application/json": {"schema": schema}}})


def query(schema, name: str = "q") -> dict:
    return operation(parameters=[{"name": name, "in": "query", "schema": schema}])


def schemas(schema, **others) -> dict:
    """A body whose schema is `#/components/schemas/A`."""
    posted = body({"$ref": "#/components/schemas/A"})
    return document(paths={"/a": {"post": posted}}, components={"schemas": {"A": schema, **others}})


def ref(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def nested(levels: int, begin: str, end: str) -> str:
    return begin * levels + end * levels


def json_around(schema: str) -> str:
    return json.dumps(schemas("HERE")).replace('"HERE"', schema)


def yaml_around(schema: str) -> str:
    return (
        "openapi: 3.0.3\ninfo: {title: A, version: '1'}\nservers: [{url: https://api.example.com}]\n"
        f"paths:\n  /a:\n    post:\n      requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}\n"
        "      responses: {'200': {description: Good.}}\n"
    )


def laughs() -> str:
    levels = [f"  a{n + 1}: &a{n + 1} {{allOf: [{', '.join([f'*a{n}'] * 9)}]}}" for n in range(40)]
    return "x-laughs:\n  a0: &a0 {type: string}\n" + "\n".join(levels) + "\n" + yaml_around("*a40")


def doubling() -> dict:
    """Each schema has the next one twice: two to the sixtieth, if they are written out."""
    levels = {f"A{n}": {"type": "object", "properties": {"l": ref(f"A{n + 1}"), "r": ref(f"A{n + 1}")}} for n in range(60)}
    return schemas(ref("A0"), **levels, A60={"type": "string"})


def doubling_parts() -> dict:
    levels = {f"A{n}": {"allOf": [ref(f"A{n + 1}"), ref(f"A{n + 1}")]} for n in range(60)}
    return schemas(ref("A0"), **levels, A60={"type": "object", "properties": {"a": {"type": "string"}}})


def chain(length: int) -> dict:
    return schemas(ref("B0"), **{f"B{n}": ref(f"B{n + 1}") for n in range(length)}, **{f"B{length}": {"type": "string"}})


def many(number: int) -> dict:
    return document(paths={f"/a{n}": {"get": operation()} for n in range(number)})


def swagger(**members) -> dict:
    return {
        "swagger": "2.0",
        "info": {"title": "A", "version": "1"},
        "host": "api.example.com",
        "schemes": ["https"],
        "paths": {"/a": {"get": operation()}},
        **members,
    }


def discovery(**members) -> dict:
    method = {"id": "a.b.get", "path": "a", "httpMethod": "GET"}
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "name": "a",
        "version": "v1",
        "title": "A",
        "rootUrl": "https://api.example.com/",
        "servicePath": "",
        "resources": {"b": {"methods": {"get": method}}},
        **members,
    }


def ring(length: int) -> dict:
    """Resources within resources."""
    inner: dict = {}
    for _ in range(length):
        inner = {"resources": {"r": inner}}
    return discovery(**inner)


def oauth(**endpoints) -> dict:
    scheme = {
        "type": "oauth2",
        "flows": {"authorizationCode": {"authorizationUrl": METADATA, "tokenUrl": METADATA, "scopes": {}, **endpoints}},
    }
    return document(components={"securitySchemes": {"o": scheme}}, security=[{"o": []}])
