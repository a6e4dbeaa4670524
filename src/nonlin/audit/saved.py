"""A long audit's notebook: which parts are done, and what they counted, in a JSON file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from nonlin.audit.judge import AuditError
from nonlin.audit.tally import Tally

__all__ = ["Notebook"]


class Notebook:
    """Finished parts under a key, kept in a file that is written anew after each.

    The key says what was audited and with which code, so that nothing stale is taken up.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            text = "{}"
        except OSError as error:
            raise AuditError(f"{path} could not be read: {error.strerror}") from None
        try:
            self._entries: dict[str, Any] = json.loads(text)
            for key in self._entries.keys():  # noqa: SIM118 - a list has none
                self.get(key)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise AuditError(f"{path} is no notebook of an audit: give another file") from None

    def get(self, key: str) -> tuple[set[int], Tally]:
        """What is done under a key."""
        entry = self._entries.get(key)
        if entry is None:
            return set(), Tally()
        return set(map(int, entry["done"])), Tally.from_json(entry["tally"])

    def put(self, key: str, done: set[int], tally: Tally) -> None:
        """Note what is done; the file is replaced in one step."""
        self._entries[key] = {"done": sorted(done), "tally": tally.to_json()}
        partial = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            partial.write_text(json.dumps(self._entries), encoding="utf-8")
            os.replace(partial, self.path)
        except OSError as error:
            raise AuditError(f"{self.path} could not be written: {error.strerror}") from None
