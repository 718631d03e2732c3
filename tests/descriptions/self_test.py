"""Whether the judge sees what it should see."""

import json
import tempfile
import unittest
import urllib.request
from pathlib import Path

import asked
from importing import operations_in
from inputs import Inputs
from prism import Prism, Relay

TAGS = {"type": "array", "items": {"type": "string"}}
NEEDS_STREET = {"type": "object", "required": ["street"], "properties": {"street": {"type": "string"}, "town": {"type": "string"}}}
DESCRIBED = {
    "openapi": "3.0.3",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "https://shop.example/v1"}],
    "paths": {
        "/orders/{id}": {
            "get": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                    {"name": "state", "in": "query", "required": True, "schema": {"enum": ["open", "sent"], "type": "string"}},
                ],
                "responses": {"200": {"description": "An order.", "content": {"text/x-order": {"schema": {"type": "string"}}}}},
            }
        },
        "/orders": {
            "put": {
                "requestBody": {
                    "content": {
                        "application/x-www-form-urlencoded": {
                            "schema": {
                                "type": "object",
                                "properties": {"a": {"type": "integer"}, "to": NEEDS_STREET, "tags": TAGS},
                            },
                            "encoding": {"to": {"style": "deepObject", "explode": True}},
                        }
                    }
                },
                "responses": {},
            },
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"required": ["what"], "properties": {"what": {"type": "string"}}}}},
                },
                "responses": {"204": {"description": "Made."}, "422": {"description": "Wrong.", "content": {"text/x-order": {}}}},
            },
        },
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
    "security": [{"key": []}],
}
GOOD = {"X-Key": "k", "Accept": "application/json"}


class Verdicts(unittest.TestCase):
    """Prism says of a request whether it is as described, and the relay keeps it."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        document = Path(cls.folder.name, "shop.json")
        document.write_text(json.dumps(DESCRIBED))
        asked.write(document, document)
        cls.prism = Prism(document, Path(cls.folder.name, "prism.log"))
        cls.relay = Relay(cls.prism)

    @classmethod
    def tearDownClass(cls):
        cls.relay.end()
        cls.prism.end()
        cls.folder.cleanup()

    def sent(self, target: str, body=None, without=(), **headers) -> list[str]:
        self.relay.take(1)
        data = None if body is None else json.dumps(body).encode()
        said = {**GOOD, **({"Content-Type": "application/json"} if data else {}), **headers}
        said = {name: value for name, value in said.items() if name not in without}
        request = urllib.request.Request(f"http://127.0.0.1:{self.relay.port}/v1{target}", data, said)
        urllib.request.urlopen(request).close()
        [exchange] = self.relay.exchanges
        self.assertEqual(exchange.fault, "")
        return exchange.refused

    def test_what_is_as_described_is_accepted_whatever_the_answer_would_be(self):
        self.assertEqual(self.sent("/orders/7?state=open"), [])
        self.assertEqual(self.sent("/orders", {"what": "tea"}), [])

    def test_what_is_not_is_refused_with_its_place(self):
        self.assertIn("query.state: enum", self.sent("/orders/7?state=lost")[0])
        self.assertIn("query: required", self.sent("/orders/7")[0])
        self.assertIn("path.id: type", self.sent("/orders/x?state=open")[0])
        self.assertIn("body: required", self.sent("/orders", {"who": "ada"})[0])

    def test_what_was_not_sent_in_a_form_is_not_missed_in_it(self):
        self.assertEqual(self.sent_form("a=1"), [])
        self.assertEqual(self.sent_form("a=1&to[street]=High"), [])
        self.assertEqual(self.sent_form("tags=a&tags=b"), [])
        self.assertIn("body.to: required", self.sent_form("a=1&to[town]=Ely")[0])
        self.assertIn("body.a: type", self.sent_form("a=x")[0])

    def sent_form(self, form: str) -> list[str]:
        self.relay.take(1)
        headers = {**GOOD, "Content-Type": "application/x-www-form-urlencoded"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.relay.port}/v1/orders", form.encode(), headers, method="PUT")
        urllib.request.urlopen(request).close()
        return self.relay.exchanges[0].refused

    def test_credentials_media_types_and_paths_count(self):
        self.assertIn("UNAUTHORIZED", self.sent("/orders/7?state=open", without=["X-Key"])[0])
        self.assertIn("INVALID_CONTENT_TYPE", self.sent("/orders", {"what": "tea"}, **{"Content-Type": "text/csv"})[0])
        self.assertIn("NO_PATH_MATCHED_ERROR", self.sent("/unknown")[0])


class MadeUp(unittest.TestCase):
    """Inputs that schemas allow."""

    def made(self, schema: dict, definitions: dict | None = None):
        return Inputs(definitions or {}, "1").value(schema, 0)

    def test_what_is_required_is_there(self):
        order = {"required": ["a", "b"], "properties": {"a": {"type": "integer", "minimum": 3}, "b": {"enum": ["x"]}}}
        made = self.made({"allOf": [order, {"required": ["c"], "properties": {"c": {"const": 1}}}]})
        self.assertGreaterEqual(made["a"], 3)
        self.assertEqual((made["b"], made["c"]), ("x", 1))

    def test_what_has_itself_within_it_ends(self):
        tree = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/$defs/tree"}}}
        self.made(tree, {"tree": tree})
        self.made({"$ref": "#/$defs/a"}, {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}})

    def test_texts_have_the_form_that_is_wanted(self):
        self.assertRegex(self.made({"type": "string", "pattern": "^[a-z]{2}-[0-9]{3}$"}), "^[a-z]{2}-[0-9]{3}$")
        self.assertEqual(len(self.made({"type": "string", "minLength": 40, "maxLength": 40})), 40)
        self.assertEqual(self.made({"type": "string", "format": "date"}), "2026-03-04")

    def test_the_same_seed_makes_the_same(self):
        schema = {"properties": {name: {"type": "string"} for name in "abcdefgh"}}
        self.assertEqual(self.made(schema), self.made(schema))


class Counted(unittest.TestCase):
    """What descriptions describe is counted without Wharf."""

    def test_what_only_answers_need_is_taken_out(self):
        asked_of = {
            "post": {
                "requestBody": {"$ref": "#/components/requestBodies/A"},
                "responses": {"200": {"$ref": "#/components/responses/B"}},
            }
        }
        parts = {
            "requestBodies": {"A": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/C/properties/d"}}}}},
            "responses": {"B": {"description": ""}},
            "schemas": {"C": {"properties": {"d": {}}}, "E": {}},
        }
        document = asked.without_answers({"paths": {"/a": asked_of}, "components": parts})
        self.assertEqual(
            {kind: list(of_kind) for kind, of_kind in document["components"].items()},
            {"requestBodies": ["A"], "responses": [], "schemas": ["C"]},
        )

    def test_operations(self):
        self.assertEqual(operations_in(DESCRIBED), 3)
        self.assertEqual(
            operations_in({"methods": {"a": {}}, "resources": {"b": {"methods": {"c": {}, "d": {"mediaUpload": {}}}}}}), 4
        )
