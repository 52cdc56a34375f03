"""How do bytes become records? CSV as it comes: comma, semicolon or tab, with or without a BOM, quoted line breaks; piece by piece."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DELIMITERS = ",;\t"
MAX_RECORD_CHARACTERS = 100_000
"""Of one record; a quote that is never closed makes one record of the rest of the file."""
_BOMS = {codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF32_BE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
_LONGEST_BOM = 4
_EXCEL_HINT = "sep="


class FileUnreadable(Exception):  # noqa: N818  (an outcome: it is the sender's file)
    """The file cannot be read from here on; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one row, and the line of the file that it begins in."""

    line: int
    cells: list[str]


class RecordReader:
    """Takes the bytes of a file as they come and gives its records back, as many as are complete; empty lines are passed over.

    Memory: one piece and one record. Raises FileUnreadable for what is no UTF-8 and for a record without an end.
    """

    def __init__(self) -> None:
        self.delimiter = ","
        self.bom = False
        self.bytes_read = 0
        self._head: bytes | None = b""
        self._decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")(), translate=False)
        self._text = ""
        self._line = 1
        self._know_delimiter = False

    def feed(self, piece: bytes, *, end: bool = False) -> Iterator[Record]:
        """The records that `piece` completes; with `end` also the last one, which need not end with its line."""
        self.bytes_read += len(piece)
        if self._head is not None:
            self._head += piece
            if len(self._head) < _LONGEST_BOM and not end:
                return
            piece, self._head = self._without_bom(self._head), None
        try:
            self._text += self._decoder.decode(piece, final=end)
        except UnicodeDecodeError as error:
            wrong = error.object[error.start]
            raise FileUnreadable(
                f"after line {self._line} there is a byte 0x{wrong:02X} that is not UTF-8: save the file as CSV in UTF-8"
            ) from error
        yield from self._records(end=end)

    def _without_bom(self, head: bytes) -> bytes:
        for bom, name in _BOMS.items():
            if head.startswith(bom):
                raise FileUnreadable(f"the file is written in {name}: save it as CSV in UTF-8")
        if head.startswith(codecs.BOM_UTF8):
            self.bom = True
            return head[len(codecs.BOM_UTF8) :]
        return head

    def _records(self, *, end: bool) -> Iterator[Record]:
        lines = io.StringIO(self._text, newline="").readlines()
        unfinished = "" if end or not lines or lines[-1].endswith(("\n", "\r")) else lines.pop()
        at = 0
        while at < len(lines) and not self._know_delimiter:
            at += self._learn_delimiter(lines[at])
        block = _Block(lines, at, self.delimiter)
        while True:
            try:
                cells = block.next()
            except csv.Error as error:
                raise FileUnreadable(f"line {self._line} cannot be read as CSV: {error}") from error
            if cells is None or (block.ran_dry and not end):
                break
            if block.ran_dry:
                raise FileUnreadable(f"the quote that is opened in line {self._line} is never closed")
            line, self._line, at = self._line, self._line + block.taken - at, block.taken
            if any(cells):
                yield Record(line, [cell.strip() for cell in cells])
        self._text = "".join(lines[at:]) + unfinished
        if len(self._text) > MAX_RECORD_CHARACTERS:
            raise FileUnreadable(f"the row in line {self._line} does not end: is a quote opened and not closed?")

    def _learn_delimiter(self, line: str) -> int:
        """From the header, the first line that says anything; 1 for a line that is done with."""
        said = line.strip()
        hinted = said.lower().startswith(_EXCEL_HINT) and len(said) == len(_EXCEL_HINT) + 1
        if not said or hinted:
            if hinted:
                self.delimiter, self._know_delimiter = said[-1], True
            self._line += 1
            return 1
        self.delimiter, self._know_delimiter = _delimiter_of(line), True
        return 0


class _Block:
    """Some lines, read record by record. `taken` lines are used up; `ran_dry`: the last record wanted more than there are."""

    def __init__(self, lines: Sequence[str], at: int, delimiter: str) -> None:
        self.taken = at
        self.ran_dry = False
        self._lines = lines
        self._reader = csv.reader(self._feed(), delimiter=delimiter)

    def next(self) -> list[str] | None:
        """The next record; None when there is none."""
        return next(self._reader, None)

    def _feed(self) -> Iterator[str]:
        for index in range(self.taken, len(self._lines)):
            self.taken = index + 1
            yield self._lines[index]
        self.ran_dry = True


def _delimiter_of(header: str) -> str:
    """The one that parts the header into most names; a comma when there is only one name."""
    return max(DELIMITERS, key=lambda each: len(next(csv.reader([header], delimiter=each), [])))
