"""Why a stage cannot continue, worded so that a person can mend it; ids are listed in docs/errors.md."""

from __future__ import annotations


class SluiceMlError(Exception):
    """An error for people: an id, what happened and where, what to do. A command ends with `exit_code` for it."""

    exit_code = 1

    def __init__(self, id_: str, what: str, hint: str = "") -> None:
        super().__init__(f"{id_}: {what}" + (f"\n  hint: {hint}" if hint else ""))
        self.id = id_
        self.what = what
        self.hint = hint


class InputError(SluiceMlError):
    """What a command was given is wrong: a table, a file, a value. Exit code 2, as everywhere in Sluice."""

    exit_code = 2
