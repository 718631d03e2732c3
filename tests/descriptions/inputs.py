"""Makes up inputs that JSON Schemas allow: what they require, and now and then what they do not.

It understands what descriptions say in practice, and not all of JSON Schema: Wharf judges every input before it sends anything, and
for one that it refuses another one is made up.
"""

import random
import string

import rstr

# Deeper than this there is nothing that is not required.
DEEP = 4
# A schema that requires itself has no value: it ends here.
DEEPEST = 24

FORMATS = {
    "date-time": "2026-03-04T05:06:07Z",
    "date": "2026-03-04",
    "time": "05:06:07Z",
    "duration": "P1D",
    "email": "ada@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/a",
    "url": "https://example.com/a",
    "uri-reference": "/a",
    "uuid": "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9",
    "byte": "d2hhcmY=",
    "json-pointer": "/a",
    "regex": "a",
}

WORDS = ["wharf", "two words", "a&b=c", "half/whole", "süß", "100%", "plus+sign"]


class Inputs:
    """Makes up values by chance, the same ones for the same seed."""

    def __init__(self, definitions: dict, seed: str):
        self.definitions = definitions
        self.random = random.Random(seed)
        self.texts = rstr.Rstr(random.Random(seed))

    def of(self, schema: dict, in_path: set[str], in_texts: set[str]) -> dict:
        """An input. No slash is in what stands in a path, and where anything may be, it is a text if it stands among texts."""
        whole = dict(self.flat(schema))
        properties = whole.get("properties", {})
        free = {name for name in in_texts & properties.keys() if self.flat(properties[name]).keys() <= {"description"}}
        whole["properties"] = {**properties, **{name: {"type": "string"} for name in free}}
        value = self.object(whole, 0)
        for name in in_path & value.keys():
            if isinstance(value[name], str):
                value[name] = value[name].replace("/", "-")
        return value

    def value(self, schema, depth: int):
        schema = self.flat(schema)
        if depth > DEEPEST:
            return None
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self.random.choice([one for one in schema["enum"] if one is not None] or [None])
        match self.kind(schema):
            case "object":
                return self.object(schema, depth)
            case "array":
                return self.array(schema, depth)
            case "string":
                return self.text(schema)
            case "integer" | "number" as kind:
                return self.number(schema, kind)
            case "boolean":
                return self.random.random() < 0.5
            case _:
                return None

    def kind(self, schema: dict) -> str:
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"] or list(kinds)
        if kinds:
            return self.random.choice(kinds)
        if schema.keys() & {"properties", "required", "additionalProperties", "minProperties"}:
            return "object"
        if schema.keys() & {"items", "prefixItems", "minItems"}:
            return "array"
        if schema.keys() & {"minimum", "maximum", "multipleOf"}:
            return "number"
        return "string" if schema.keys() & {"pattern", "format", "minLength", "maxLength"} else "object"

    def object(self, schema: dict, depth: int) -> dict:
        properties = schema.get("properties", {})
        required = list(schema.get("required", []))
        spare = 0.3 if depth == 0 else 0.15 if depth < DEEP else 0
        wanted = [name for name in properties if name in required or self.random.random() < spare]
        wanted += [name for name in required if name not in properties]
        if not wanted and properties and 0 < depth <= DEEP:
            # Of an empty object nothing can be sent in a form.
            wanted.append(self.random.choice(list(properties)))
        for name in properties:
            if len(wanted) < schema.get("minProperties", 0) and name not in wanted:
                wanted.append(name)
        for name in list(wanted):
            wanted += [other for other in schema.get("dependentRequired", {}).get(name, []) if other not in wanted]
        rest = schema.get("additionalProperties", True)
        made = {name: self.value(properties.get(name, rest), depth + 1) for name in wanted if properties.get(name) is not False}
        for number in range(schema.get("minProperties", 0) - len(made)):
            made[f"member{number}"] = self.value(rest, depth + 1)
        return made

    def array(self, schema: dict, depth: int) -> list:
        first = [self.value(item, depth + 1) for item in schema.get("prefixItems", [])]
        least = schema.get("minItems", 0 if depth > DEEP else 1)
        items = schema.get("items", {})
        if items is False or schema.get("maxItems", 1) == 0:
            return first
        made = first + [self.value(items, depth + 1) for _ in range(max(0, least - len(first)))]
        if schema.get("uniqueItems"):
            made = [one for number, one in enumerate(made) if one not in made[:number]]
        return made

    def number(self, schema: dict, kind: str):
        low, high = schema.get("minimum"), schema.get("maximum")
        step = schema.get("multipleOf", 1 if kind == "integer" else 0.5)
        if isinstance(schema.get("exclusiveMinimum"), (int, float)):
            low = max(low or schema["exclusiveMinimum"], schema["exclusiveMinimum"] + step)
        if isinstance(schema.get("exclusiveMaximum"), (int, float)):
            high = min(high or schema["exclusiveMaximum"], schema["exclusiveMaximum"] - step)
        if low is None:
            low = 1 if high is None else min(1, high)
        wanted = -(-low // step) * step
        if high is not None and wanted + step <= high:
            wanted += step
        return int(wanted) if kind == "integer" or wanted == int(wanted) else wanted

    def text(self, schema: dict) -> str:
        least, most = schema.get("minLength", 0), schema.get("maxLength", 1000)
        if schema.get("format") in FORMATS and "pattern" not in schema:
            return FORMATS[schema["format"]]
        if "pattern" in schema:
            return self.like(schema["pattern"], least, most)
        word = self.random.choice(WORDS) if self.random.random() < 0.2 else "wharf"
        return (word + "x" * (least - len(word)))[:most]

    def like(self, pattern: str, least: int, most: int) -> str:
        """A text that a regular expression finds, of a length that is allowed."""
        made = ""
        for _ in range(30):
            try:
                made = self.texts.xeger(pattern)
            except Exception:  # What Python does not know of JavaScript's patterns.
                return "wharf"
            made = "".join(letter for letter in made if letter in string.printable.strip() or letter == " ") or made
            if len(made) < least and not pattern.endswith("$"):
                made += made[-1:] * (least - len(made)) or "x" * least
            if least <= len(made) <= most:
                return made
        return made

    def flat(self, schema, depth: int = 0) -> dict:
        """A schema without references and choices: one of each choice is taken."""
        if not isinstance(schema, dict) or depth > DEEPEST:
            return {"type": "null"} if depth > DEEPEST else {}
        whole = dict(schema)
        parts = [self.definitions.get(whole.pop("$ref").removeprefix("#/$defs/"), {})] if "$ref" in whole else []
        parts += whole.pop("allOf", [])
        for choice in ("anyOf", "oneOf"):
            branches = [branch for branch in whole.pop(choice, []) if branch != {"type": "null"}]
            parts += [self.random.choice(branches)] if branches else []
        for part in parts:
            whole = both(self.flat(part, depth + 1), whole)
        return whole


def both(one: dict, other: dict) -> dict:
    """A schema of what two schemas allow, where they do not exclude each other."""
    made = {**one, **other}
    if "properties" in one and "properties" in other:
        made["properties"] = {
            name: {"allOf": [schemas[name] for schemas in (one["properties"], other["properties"]) if name in schemas]}
            for name in {**one["properties"], **other["properties"]}
        }
    if "required" in one and "required" in other:
        made["required"] = list(dict.fromkeys(one["required"] + other["required"]))
    if "enum" in one and "enum" in other:
        made["enum"] = [value for value in one["enum"] if value in other["enum"]] or other["enum"]
    if isinstance(one.get("type"), (str, list)) and isinstance(other.get("type"), (str, list)):
        kinds = [kind for kind in as_list(one["type"]) if kind in as_list(other["type"])]
        made["type"] = kinds or other["type"]
    return made


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]
