"""JSON schemas as both providers take them: what they refuse, and a valid answer made from one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import ceil

from aiworker.protocol import JsonValue
from aiworker.testing.llm.wire import JsonObject, Refused, as_count, as_list, as_object, as_text, invalid

MAX_OPTIONAL = 24
MAX_UNIONS = 16
DEEP = 6
FORMATS: Mapping[str, str] = {
    "date-time": "2026-11-02T09:00:00Z",
    "time": "09:00:00Z",
    "date": "2026-11-02",
    "duration": "P1D",
    "email": "person@example.org",
    "hostname": "example.org",
    "uri": "https://example.org/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
UNENFORCED: Mapping[str, tuple[str, ...]] = {
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "string": ("minLength", "maxLength"),
    "array": ("maxItems", "uniqueItems"),
}

MakeText = Callable[[str], str]
Change = Callable[[JsonValue, JsonObject], JsonValue]


def example(schema: JsonObject, make_text: MakeText | None = None) -> JsonValue:
    """Return a value the schema allows; `make_text` gets the name of each free text."""
    return _Example(schema, make_text or _text_about).value(schema, "answer", 0)


def rewritten(value: JsonValue, schema: JsonObject, change: Change) -> JsonValue:
    """Return `value` with every scalar passed through `change`, together with its own schema ({} if unknown)."""
    return _rewritten(value, schema, schema, change)


def refuse_for_openai(name: str, schema: JsonObject) -> None:
    """Raise what strict mode says to a schema it does not take."""
    context = f"Invalid schema for response_format '{name}'"
    if schema.get("type") != "object":
        raise _bad(f"{context}: schema must be a JSON Schema of 'type: \"object\"', got 'type: {schema.get('type')}'.")
    for path, node in nodes(schema):
        if node.get("type") != "object":
            continue
        if node.get("additionalProperties") is not False:
            raise _bad(
                f"{context}: In context={path}, 'additionalProperties' is required to be supplied and to be false."
            )
        missing = [key for key in as_object(node.get("properties")) if key not in as_list(node.get("required"))]
        if missing:
            raise _bad(
                f"{context}: In context={path}, 'required' is required to be supplied and to be an array including "
                f"every key in properties. Missing '{missing[0]}'."
            )


def refuse_for_anthropic(schema: JsonObject) -> None:
    """Raise what structured output says to a schema it does not take."""
    context = "output_config.format.schema"
    optional = unions = 0
    for _, node in nodes(schema):
        kind = as_text(node.get("type"))
        if kind == "object" and node.get("additionalProperties") is not False:
            raise invalid(f"{context}: For 'object' type, 'additionalProperties' must be explicitly set to false")
        if unsupported := [key for key in UNENFORCED.get(kind, ()) if key in node]:
            raise invalid(f"{context}: For '{kind}' type, property '{unsupported[0]}' is not supported")
        if kind == "array" and node.get("minItems", 0) not in (0, 1):
            raise invalid(f"{context}: For 'array' type, 'minItems' values other than 0 or 1 are not supported")
        if "format" in node and as_text(node["format"]) not in FORMATS:
            raise invalid(f"{context}: String format '{as_text(node['format'])}' is not supported")
        required = as_list(node.get("required"))
        optional += sum(key not in required for key in as_object(node.get("properties")))
        unions += "anyOf" in node or isinstance(node.get("type"), list)
    if optional > MAX_OPTIONAL:
        raise invalid(f"{context}: Schema has {optional} optional parameters; at most {MAX_OPTIONAL} are supported")
    if unions > MAX_UNIONS:
        raise invalid(f"{context}: Schema has {unions} union-typed parameters; at most {MAX_UNIONS} are supported")


def nodes(schema: JsonObject, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], JsonObject]]:
    """Yield every schema within the schema, itself first."""
    yield path, schema
    for group in ("properties", "$defs", "definitions"):
        for name, child in as_object(schema.get(group)).items():
            yield from nodes(as_object(child), (*path, group, name))
    if "items" in schema:
        yield from nodes(as_object(schema["items"]), (*path, "items"))
    for group in ("anyOf", "oneOf", "allOf"):
        for number, child in enumerate(as_list(schema.get(group))):
            yield from nodes(as_object(child), (*path, group, str(number)))


def resolved(node: JsonObject, root: JsonObject) -> JsonObject:
    """Follow a reference inside the document."""
    seen: set[str] = set()
    while (reference := as_text(node.get("$ref"))) and reference not in seen:
        seen.add(reference)
        target: JsonValue = root
        for part in reference.removeprefix("#").strip("/").split("/"):
            target = as_object(target).get(part.replace("~1", "/").replace("~0", "~")) if part else target
        node = as_object(target)
    return node


def kind_of(node: JsonObject) -> str:
    """Return the type a schema asks for first."""
    declared = node.get("type")
    if isinstance(declared, list):
        return next((as_text(kind) for kind in declared if kind != "null"), "null")
    return as_text(declared) or ("object" if "properties" in node else "string")


class _Example:
    def __init__(self, root: JsonObject, make_text: MakeText) -> None:
        self._root = root
        self._make_text = make_text

    def value(self, given: JsonObject, name: str, depth: int) -> JsonValue:
        node = resolved(given, self._root)
        for part in as_list(node.get("allOf")):
            node = {**node, **resolved(as_object(part), self._root)}
        if "const" in node:
            return node["const"]
        if choices := as_list(node.get("enum")):
            return choices[0]
        options = as_list(node.get("anyOf")) or as_list(node.get("oneOf"))
        if options:
            # The last option is null in nullable types, which ends a recursion.
            return self.value(as_object(options[-1 if depth > DEEP else 0]), name, depth)
        return self._of_kind(kind_of(node), node, name, depth)

    def _of_kind(self, kind: str, node: JsonObject, name: str, depth: int) -> JsonValue:
        match kind:
            case "object":
                return self._object(node, depth)
            case "array":
                least = as_count(node.get("minItems")) or 0
                length = least if depth > DEEP or node.get("maxItems") == 0 else max(least, 1)
                return [self.value(as_object(node.get("items")), name, depth + 1) for _ in range(length)]
            case "integer" | "number":
                return _number(node, whole=kind == "integer")
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return self._string(node, name)

    def _object(self, node: JsonObject, depth: int) -> JsonObject:
        required = as_list(node.get("required"))
        return {
            name: self.value(as_object(child), name, depth + 1)
            for name, child in as_object(node.get("properties")).items()
            if depth <= DEEP or name in required
        }

    def _string(self, node: JsonObject, name: str) -> str:
        if known := FORMATS.get(as_text(node.get("format"))):
            return known
        text = self._make_text(name).ljust(as_count(node.get("minLength")) or 0, ".")
        longest = as_count(node.get("maxLength"))
        return text if longest is None else text[:longest]


def _rewritten(value: JsonValue, given: JsonObject, root: JsonObject, change: Change) -> JsonValue:
    node = _option_for(value, resolved(given, root), root)
    if isinstance(value, dict):
        children = as_object(node.get("properties"))
        return {name: _rewritten(item, as_object(children.get(name)), root, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_rewritten(item, as_object(node.get("items")), root, change) for item in value]
    return change(value, node)


def _option_for(value: JsonValue, node: JsonObject, root: JsonObject) -> JsonObject:
    kinds: dict[type, tuple[str, ...]] = {
        dict: ("object",),
        list: ("array",),
        str: ("string",),
        bool: ("boolean",),
        int: ("integer", "number"),
        float: ("number",),
    }
    for option in as_list(node.get("anyOf")) + as_list(node.get("oneOf")):
        candidate = resolved(as_object(option), root)
        if kind_of(candidate) in kinds.get(type(value), ("null",)):
            return candidate
    return node


def _number(node: JsonObject, *, whole: bool) -> int | float:
    step = _figure(node.get("multipleOf")) or 1
    low, high = _figure(node.get("minimum")), _figure(node.get("maximum"))
    above, below = _figure(node.get("exclusiveMinimum")), _figure(node.get("exclusiveMaximum"))
    if not whole and above is not None and below is not None:
        return (above + below) / 2
    low = low if above is None else above + step
    high = high if below is None else below - step
    if low is None:
        low = step if high is None else min(high, step)
    return int(ceil(low / step) * step) if whole else low


def _figure(value: JsonValue) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _text_about(name: str) -> str:
    return f"Text for {name}."


def _bad(message: str) -> Refused:
    return invalid(message, param="response_format")
