"""XML of the Metadata API as a plain tree in which every element knows its line.

The parser refuses a document type declaration, so that no entity can be declared: nothing unfolds, and nothing is
fetched. Metadata files have no need for one.
"""

from dataclasses import dataclass, field
from typing import Final, NoReturn
from xml.parsers import expat

from shared.errors import InputFileError

# An organisation may have 3,000 rule entries of some 3 kB each; what is larger is no export of rules.
MAXIMUM_BYTES: Final = 16 * 1024 * 1024

# Rules nest four levels deep.
MAXIMUM_DEPTH: Final = 16


@dataclass(slots=True)
class Element:
    """One element: its name without namespace, the line of its start tag, its own text, and what is inside."""

    name: str
    line: int
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def every(self, name: str) -> list["Element"]:
        """The children of this name, in order."""
        return [child for child in self.children if child.name == name]

    def text_of(self, name: str) -> str:
        """The text of the first child of this name; blank where there is none."""
        return next((child.text.strip() for child in self.children if child.name == name), "")

    def texts_of(self, name: str) -> tuple[str, ...]:
        """The texts of all children of this name, blank ones left out."""
        return tuple(text for child in self.every(name) if (text := child.text.strip()))

    def is_true(self, name: str) -> bool:
        """Say whether the child of this name says true."""
        return self.text_of(name).casefold() == "true"


class _Builder:
    """Takes what the parser reports, and makes elements of it."""

    def __init__(self, file: str) -> None:
        self.root: Element | None = None
        self._file = file
        self._open: list[Element] = []
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, data: bytes) -> None:
        """Read the whole text."""
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise InputFileError(
                f"{self._file} is not XML at line {error.lineno}: {reason}; export it from Salesforce again."
            ) from error
        except (ValueError, LookupError) as error:
            raise InputFileError(f"{self._file} cannot be read as XML: {error}; save it as UTF-8.") from error

    def _start(self, name: str, _attributes: object) -> None:
        if len(self._open) >= MAXIMUM_DEPTH:
            message = f"elements nest more than {MAXIMUM_DEPTH} deep, which no metadata file does"
            raise InputFileError(f"{self._file}, line {self._parser.CurrentLineNumber}: {message}.")
        element = Element(name.rpartition(":")[2], self._parser.CurrentLineNumber)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _characters(self, text: str) -> None:
        self._open[-1].text += text

    def _doctype(self, *_declaration: object) -> NoReturn:
        raise InputFileError(
            f"{self._file} declares a document type, which can hide endless entities and which Salesforce never "
            "writes: it is not read; remove the declaration if you trust the file."
        )


def read_tree(data: bytes, root: str, file: str) -> Element:
    """Read a file whose outermost element must be `root`; InputFileError says what is wrong with it otherwise."""
    if len(data) > MAXIMUM_BYTES:
        raise InputFileError(f"{file} is larger than {MAXIMUM_BYTES // 1024 // 1024} MiB: it is no metadata file.")
    builder = _Builder(file)
    builder.feed(data)
    if builder.root is None or builder.root.name != root:
        found = builder.root.name if builder.root else "nothing"
        raise InputFileError(f"{file} holds {found}, not {root}: give the file that the Metadata API writes for it.")
    return builder.root
