"""Why a stage cannot continue, worded so that a person can mend it; ids are listed in docs/errors.md."""

from __future__ import annotations


class SluiceMlError(Exception):
    """An error for people: an id, what happened and where, what to do."""

    def __init__(self, id_: str, what: str, hint: str = "") -> None:
        super().__init__(f"{id_}: {what}" + (f"\n  hint: {hint}" if hint else ""))
        self.id = id_
        self.what = what
        self.hint = hint
