"""A reader of Mapbox Vector Tiles for tests: plain Python, apart from the code that writes them."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Point = tuple[int, int]


@dataclass
class Feature:
    """One feature: properties, 1 for points or 3 for polygons, and its points or rings in tile coordinates."""

    properties: dict[str, Any]
    kind: int
    parts: list[list[Point]]


@dataclass
class Layer:
    """One layer of a tile."""

    name: str = ""
    version: int = 0
    extent: int = 0
    features: list[Feature] = field(default_factory=list)


def decode(content: bytes) -> dict[str, Layer]:
    """Return the layers of a tile by name."""
    layers = (_layer(body) for number, body in _fields(content) if number == 3)
    return {layer.name: layer for layer in layers}


def _layer(content: bytes) -> Layer:
    layer, keys, values, bodies = Layer(), [], [], []
    for number, body in _fields(content):
        if number == 1:
            layer.name = body.decode()
        elif number == 2:
            bodies.append(body)
        elif number == 3:
            keys.append(body.decode())
        elif number == 4:
            values.append(_value(body))
        elif number == 5:
            layer.extent = body
        elif number == 15:
            layer.version = body
    layer.features = [_feature(body, keys, values) for body in bodies]
    return layer


def _feature(content: bytes, keys: list[str], values: list[Any]) -> Feature:
    found: dict[int, Any] = dict(_fields(content))
    tags = list(_varints(found.get(2, b"")))
    properties = {keys[key]: values[value] for key, value in zip(tags[::2], tags[1::2], strict=True)}
    return Feature(properties, found[3], _parts(list(_varints(found[4]))))


def _parts(commands: list[int]) -> list[list[Point]]:
    parts: list[list[Point]] = []
    x = y = at = 0
    while at < len(commands):
        command, count = commands[at] & 7, commands[at] >> 3
        at += 1
        if command == 7:
            parts[-1].append(parts[-1][0])
            continue
        for _ in range(count):
            x, y = x + _zigzag(commands[at]), y + _zigzag(commands[at + 1])
            at += 2
            if command == 1:
                parts.append([])
            parts[-1].append((x, y))
    return parts


def _value(content: bytes) -> Any:
    ((number, body),) = _fields(content)
    if number == 1:
        return body.decode()
    if number == 3:
        return struct.unpack("<d", body)[0]
    return bool(body) if number == 7 else _zigzag(body)


def _fields(content: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(content):
        tag, at = _varint(content, at)
        if tag & 7 == 0:
            value, at = _varint(content, at)
            yield tag >> 3, value
        else:
            size, at = (8, at) if tag & 7 == 1 else _varint(content, at)
            yield tag >> 3, content[at : at + size]
            at += size


def _varints(content: bytes) -> Iterator[int]:
    at = 0
    while at < len(content):
        value, at = _varint(content, at)
        yield value


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _zigzag(value: int) -> int:
    return (value >> 1) ^ -(value & 1)
