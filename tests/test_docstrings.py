"""Every example in a docstring runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import nonlin

NAMES = ["nonlin", *(m.name for m in pkgutil.walk_packages(nonlin.__path__, "nonlin."))]


@pytest.mark.parametrize("name", [n for n in NAMES if not n.endswith("__main__")])
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    assert doctest.testmod(module, optionflags=options).failed == 0
