"""XML of anybody's making, read with nothing that could act: no document type, no entities, nothing fetched; bounded.

By expat itself, with handlers that stop at the first declaration: no other package is needed for that.
"""

from __future__ import annotations

from typing import Any, Final, NoReturn
from xml.etree import ElementTree as ET
from xml.parsers import expat

from incident.interchange.plain import refuse, text_of

ELEMENTS_MAX: Final = 200_000
DEPTH_MAX: Final = 60


def read_xml(data: bytes, file: str) -> ET.Element:
    """The outermost element of a file.

    Raises:
        ConfigError: it is no XML, declares a document type or an entity, or is too large or too deep.
    """
    text = text_of(data, file, "KML")
    builder = ET.TreeBuilder()
    count = depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count, depth
        count += 1
        depth += 1
        if count > ELEMENTS_MAX:
            refuse(file, f"has more than {ELEMENTS_MAX:,} elements")
        if depth > DEPTH_MAX:
            refuse(file, f"is nested more than {DEPTH_MAX} deep")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def declared(*_: Any) -> NoReturn:
        refuse(
            file, "declares a document type (<!DOCTYPE), which is not read: entities can grow without an end"
        )

    parser = expat.ParserCreate("utf-8", "}")
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = declared
    parser.ExternalEntityRefHandler = declared
    try:
        parser.Parse(text.encode(), True)
        return builder.close()
    except expat.ExpatError as error:
        refuse(file, f"is not XML (line {error.lineno}: {expat.ErrorString(error.code)})")


def local(tag: str) -> str:
    """The name of an element without that of its space: there are four of KML alone."""
    return tag.rpartition("}")[2]


def child(element: ET.Element, name: str) -> ET.Element | None:
    """The first inner element of this name."""
    return next((one for one in element if local(one.tag) == name), None)


def children(element: ET.Element, name: str) -> list[ET.Element]:
    """All inner elements of this name."""
    return [one for one in element if local(one.tag) == name]


def text_in(element: ET.Element, name: str) -> str:
    """The text of an inner element, "" without one."""
    found = child(element, name)
    return "" if found is None else (found.text or "").strip()


def write_xml(root: ET.Element) -> str:
    """The file of an element; every text in it is escaped."""
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
