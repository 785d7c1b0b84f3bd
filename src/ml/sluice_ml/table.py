"""Tables: CSV as docs/tables.md lays it down, read in one way, every complaint with file, line, column and text.

The one reader of tables in Python; `CsvTable` is the one in Java, and the cases in `test-fixtures/tables` hold both
to the same answers. The standard library takes lines apart; what it would let pass (a byte order mark, a carriage
return within a line, `nan`, `1_000`, a time without a zone) is refused here.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from sluice_ml.errors import InputError

#: A longer field is neither a key nor a number.
MAX_FIELD = 1 << 16
#: What a number looks like, for all who look at many texts at once.
NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBER = re.compile(NUMBER)
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:[,.' \u00a0\u202f][0-9]{3})+(?:[.,][0-9]*)?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
_MISSING = frozenset(("nan", "na", "n/a", "#n/a", "null", "none", "nil", "-", "\\n"))
_INFINITE = frozenset(("inf", "infinity", "+inf", "+infinity", "-inf", "-infinity"))
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(?:\.([0-9]{1,6}))?Z)?"
)
_OTHER_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)? ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_CONTROL = re.compile("[\x00-\x1f]")
_FORM = "docs/tables.md has the form of tables"
_UTF16 = "write UTF-8: `iconv -f UTF-16 -t UTF-8 FILE`"
#: what a file that is not a table begins with, what that is, and what to do
_KINDS = (
    (
        b"\xef\xbb\xbf",
        "begins with a byte order mark, as `CSV UTF-8` of a spreadsheet does",
        r"write UTF-8 without the mark: `sed -i '1s/^\xEF\xBB\xBF//' FILE` removes it; a command writes the encoding "
        "utf-8, not utf-8-sig",
    ),
    (b"\xff\xfe", "begins with FF FE: it is UTF-16", _UTF16),
    (b"\xfe\xff", "begins with FE FF: it is UTF-16", _UTF16),
    (
        b"version https://git-lfs.github.com/spec/",
        "is a pointer of git-lfs and not the table that it points to",
        "`git lfs pull` before the run; where a commit is fetched, fetch its large files too",
    ),
    (b"PAR1", "begins with PAR1: it is a Parquet file", "write it as CSV"),
    (b"\x1f\x8b", "begins with 1F 8B: it is compressed (gzip)", "unpack it"),
    (
        b"PK\x03\x04",
        "begins with PK: it is a zip archive or a spreadsheet (.xlsx)",
        "unpack it, or save the sheet as CSV",
    ),
    (b"\xd0\xcf\x11\xe0", "begins with D0 CF: it is a spreadsheet (.xls)", "save the sheet as CSV"),
)
_MARKUP = (b"<!doctype", b"<html", b"<?xml")


def number(text: str) -> float:
    """The number that a field holds. Raises ValueError with the reason for anything that is not finite and decimal."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{quoted(text)} is not a number{_why_no_number(text)}")
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{quoted(text)} is beyond what a double holds")
    return value + 0.0  # there is one zero


def _why_no_number(text: str) -> str:
    lower = text.strip().lower()
    if lower in _MISSING:
        return ": a missing value is an empty field"
    if lower in _INFINITE:
        return ": numbers are finite"
    if _THOUSANDS.fullmatch(lower):
        return ": thousands are not separated"
    if _DECIMAL_COMMA.fullmatch(lower):
        return ": the decimal point is `.`"
    return ": spaces belong to a field" if _NUMBER.fullmatch(lower) else ""


def instant(text: str) -> int:
    """Seconds since 1970 of `2026-01-05` (midnight UTC) or `2026-01-05T00:00:00Z`.

    Raises ValueError with the reason for any other form.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{quoted(text)} is not an instant such as 2026-01-05T00:00:00Z or 2026-01-05{_why_no_instant(text)}"
        )
    date, time, fraction = match.groups()
    if fraction and fraction.strip("0"):
        raise ValueError(f"{quoted(text)} has a fraction of a second: round it up")
    try:
        moment = datetime.fromisoformat(f"{date}T{time or '00:00:00'}")
    except ValueError:
        raise ValueError(f"{quoted(text)} is not a date of the calendar") from None
    return int(moment.replace(tzinfo=UTC).timestamp())


def _why_no_instant(text: str) -> str:
    other = _OTHER_TIME.fullmatch(text)
    if other is None or other[1] == "Z":
        return ""
    if other[1] is None:
        return ": it names no zone; times are UTC and end in Z"
    return ": it has an offset; write the time in UTC, with Z"


def quoted(text: str) -> str:
    """Text from outside, fit for one line of a message."""
    plain = "".join("?" if ord(c) < 32 or 127 <= ord(c) < 160 else c for c in text[:60])
    return f"`{plain}{'..' if len(text) > 60 else ''}`"


class Reader(Iterator[list[str]]):
    """The records of one table, one after the other; `line` is where the current one begins."""

    def __init__(self, file: Path, name: str = "") -> None:
        """Opens the file and reads its header. Raises SLU-7104."""
        self.name = name or str(file)
        self.line = 1
        self._reached = 0
        self._size = 0
        try:
            self._raw: BinaryIO = file.open("rb")
        except OSError as e:
            raise InputError("SLU-7104", f"{self.name} cannot be read: {e.strerror}") from e
        try:
            self._refuse_other_kinds()
            self._records = csv.reader(self._lines(), strict=True)
            header = self._next()
            if header is None:
                raise InputError("SLU-7104", f"{self.name} is empty, not even a header", _FORM)
            self.header = tuple(header)
            self._check_header()
        except BaseException:
            self._raw.close()
            raise

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._raw.close()

    def __next__(self) -> list[str]:
        record = self._next()
        if record is None:
            raise StopIteration
        if len(record) != len(self.header):
            raise self._wrong_length(record)
        return record

    def at(self, column: str) -> str:
        """`rows.csv, line 17, column 5 (`knownAt`)`."""
        return _at(self.name, self.line, self.header, column)

    def require(self, columns: Sequence[str]) -> None:
        """Raises SLU-7104 unless the table has these columns."""
        for column in columns:
            if column not in self.header:
                raise InputError(
                    "SLU-7104",
                    f"{self.name}, line 1: no column {column}; there are "
                    + ", ".join(quoted(name) for name in self.header[:12])
                    + (f" and {len(self.header) - 12} more" if len(self.header) > 12 else ""),
                    _FORM,
                )

    def _next(self) -> list[str] | None:
        self.line = self._reached + 1
        self._size = 0
        try:
            record = next(self._records, None)
        except csv.Error as e:
            raise InputError(
                "SLU-7104",
                f"{self.name}, line {self.line}: {e}",
                "a quote within a quoted field is doubled, and nothing but a separator follows its end; "
                f"a field has at most {MAX_FIELD} characters; {_FORM}",
            ) from e
        except OSError as e:
            raise InputError("SLU-7104", f"{self.name} cannot be read: {e}") from e
        if record is not None and self._size > MAX_FIELD and any(len(field) > MAX_FIELD for field in record):
            raise InputError(
                "SLU-7104", f"{self.name}, line {self.line}: a field of more than {MAX_FIELD} characters", _FORM
            )
        # the library gives nothing for an empty line, which in a table of one column is a missing value
        return [""] if record == [] else record

    def _lines(self) -> Iterator[str]:
        for raw in self._raw:
            self._reached += 1
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError:
                raise self._not_text(
                    "is not UTF-8", "write UTF-8: `iconv -f LATIN1 -t UTF-8 FILE` from Latin-1"
                ) from None
            if "\r" in text and "\r" in text.removesuffix("\r\n"):
                raise self._not_text("has a carriage return that no line feed follows", "end lines by LF or CR LF")
            if "\0" in text:
                raise self._not_text("holds a NUL byte", "a table is text in UTF-8; is it another kind of file?")
            self._size += len(text)
            yield text

    def _not_text(self, what: str, hint: str) -> InputError:
        return InputError("SLU-7104", f"{self.name}, line {self._reached} {what}", f"{hint}; {_FORM}")

    def _refuse_other_kinds(self) -> None:
        start = self._raw.read(64)
        self._raw.seek(0)
        for begins, what, hint in _KINDS:
            if start.startswith(begins):
                raise InputError("SLU-7104", f"{self.name} {what}", f"{hint}; {_FORM}")
        if start.strip().lower().startswith(_MARKUP):
            raise InputError(
                "SLU-7104",
                f"{self.name} begins with `<`: it is HTML or XML, perhaps an error page of a server",
                f"let the command that fetches it fail when the server answers with an error; {_FORM}",
            )

    def _check_header(self) -> None:
        header = self.header
        if len(header) == 1 and (found := next((c for c in ";\t|" if c in header[0]), None)):
            separated = "tabs" if found == "\t" else f"`{found}`"
            raise InputError(
                "SLU-7104",
                f"the header of {self.name} is one column, {quoted(header[0])}: "
                f"are its fields separated by {separated}?",
                _FORM,
            )
        for i, column in enumerate(header):
            if not column.strip():
                separator = ": does the line end in a separator?" if 0 < i == len(header) - 1 else ""
                raise InputError("SLU-7104", f"{self.name}, line 1: column {i + 1} has no name{separator}", _FORM)
            if column in header[:i]:
                raise InputError("SLU-7104", f"{self.name} names the column {quoted(column)} twice", _FORM)

    def _wrong_length(self, record: list[str]) -> InputError:
        where = f"{self.name}, line {self.line}"
        if record == [""]:
            return InputError("SLU-7104", f"{where} is empty", f"end each row by one line feed; {_FORM}")
        separator = len(record) == len(self.header) + 1 and not record[-1]
        return InputError(
            "SLU-7104",
            f"{where} has {len(record)} fields, the header has {len(self.header)}"
            + (": does the line end in a separator?" if separator else ""),
            f"each row is as long as the header; a field with a comma in it is quoted; {_FORM}",
        )


@dataclass(frozen=True)
class Table:
    """A table in memory: the texts of some columns, and the line on which each record begins."""

    name: str
    header: tuple[str, ...]
    texts: Mapping[str, list[str]]
    lines: Sequence[int]

    @staticmethod
    def read(file: Path, wanted: Sequence[str], exact: bool = False) -> Table:
        """Reads these columns; `exact`: there are no others. Raises SLU-7104."""
        with Reader(file) as reader:
            reader.require(wanted)
            if exact and (more := [name for name in reader.header if name not in wanted]):
                raise InputError(
                    "SLU-7104",
                    f"{file} has a column {quoted(more[0])} that does not belong there (wanted: {', '.join(wanted)})",
                    _FORM,
                )
            records, lines = [], []
            for record in reader:
                records.append(record)
                lines.append(reader.line)
        texts = {name: [record[at] for record in records] for name in wanted for at in [reader.header.index(name)]}
        return Table(str(file), reader.header, texts, lines)

    def __len__(self) -> int:
        return len(self.lines)

    def instants(self, column: str) -> list[int]:
        """Seconds since 1970, one in every row. Raises SLU-7104."""
        known: dict[str, int] = {}
        for text in set(self.texts[column]):
            if not text:
                raise self.bad(column, text, "is empty; a time has a value in every row")
            try:
                known[text] = instant(text)
            except ValueError as e:
                raise self.bad(column, text, str(e)) from None
        return [known[text] for text in self.texts[column]]

    def numbers(self, column: str, required: bool = False) -> list[float]:
        """Finite numbers; NaN for an empty field, unless there must be one. Raises SLU-7104."""
        known: dict[str, float] = {} if required else {"": math.nan}
        for text in set(self.texts[column]):
            if text in known:
                continue
            try:
                known[text] = number(text)
            except ValueError as e:
                raise self.bad(column, text, str(e) if text else "is empty") from None
        return [known[text] for text in self.texts[column]]

    def counts(self, column: str) -> list[int]:
        """Whole numbers from 1. Raises SLU-7104."""
        found = []
        for text, value in zip(self.texts[column], self.numbers(column, required=True), strict=True):
            if value != math.floor(value) or not 1 <= value <= 1_000_000:
                raise self.bad(column, text, f"{quoted(text)} is not a whole number from 1")
            found.append(int(value))
        return found

    def keys(self, columns: Sequence[str]) -> list[tuple[str, ...]]:
        """What these columns say together; no part is empty or holds a control character. Raises SLU-7104."""
        for column in columns:
            for text in set(self.texts[column]):
                if not text:
                    raise self.bad(column, text, "is empty; a key has a value in every row")
                if _CONTROL.search(text):
                    raise self.bad(column, text, f"{quoted(text)} holds a control character")
        return list(zip(*(self.texts[column] for column in columns), strict=True))

    def bad(self, column: str, text: str, what: str) -> InputError:
        """What is wrong with the first field of a column that has this text."""
        line = self.lines[self.texts[column].index(text)]
        return InputError(
            "SLU-7104",
            f"{_at(self.name, line, self.header, column)}: {what}",
            "mend what writes this table; docs/tables.md has the form of numbers and times",
        )


def _at(name: str, line: int, header: Sequence[str], column: str) -> str:
    return f"{name}, line {line}, column {header.index(column) + 1} (`{column}`)"
