"""Python for pages that have no server: the modules that check a proof, in one archive.

A static copy of the site checks proofs in the reader's browser, with CPython as WebAssembly
(Pyodide). What it runs is this package's own source: the modules that :mod:`nonlin.proof` imports,
found by reading their imports, and mpmath. The package's ``__init__`` stays behind, since it wants
NumPy; without one, ``nonlin`` is a namespace package and its modules import as they always do.
"""

from __future__ import annotations

import ast
import importlib.metadata
import io
import zipfile
from pathlib import Path

import mpmath

from nonlin.errors import NonlinError

__all__ = ["archive", "modules"]

_PACKAGE = Path(__file__).resolve().parent.parent
_ENTRY = "nonlin.proof"
_DATE = (1980, 1, 1, 0, 0, 0)  # the archive depends on what is in it alone


def modules(entry: str = _ENTRY) -> list[Path]:
    """The files of this package that a module needs, relative to the package, in order.

    >>> [path.as_posix() for path in modules("nonlin.formula")]
    ['catalogue.py', 'errors.py', 'expression.py', 'forks.py', 'formula.py', 'formula_hints.py', 'ops.py']
    """
    found: set[Path] = set()
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if path in found:
            continue
        if path == Path("__init__.py"):
            raise NonlinError(f"{entry} imports the package itself, which needs NumPy")
        found.add(path)
        package = ".".join(["nonlin", *path.parts[:-1]])
        waiting += _imports(path, package)
        if package != "nonlin":
            waiting.append(package)  # a module brings the __init__ of its own package
    return sorted(found)


def _file(name: str) -> Path:
    """The file of a module, or of the module that a name is imported from."""
    parts = name.split(".")[1:]
    while True:
        for path in (
            Path(*parts).with_suffix(".py") if parts else None,
            Path(*parts, "__init__.py"),
        ):
            if path is not None and (_PACKAGE / path).is_file():
                return path
        parts.pop()


def _imports(path: Path, package: str) -> list[str]:
    """Full names of what a file imports from this package."""
    names: list[str] = []
    for node in ast.walk(ast.parse((_PACKAGE / path).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            stem = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            names += [f"{stem}.{a.name}" for a in node.names]
    return [n for n in names if n.split(".")[0] == "nonlin"]


def archive() -> bytes:
    """A zip file with those modules and mpmath, to be put on ``sys.path``."""
    files = {f"nonlin/{path.as_posix()}": (_PACKAGE / path).read_bytes() for path in modules()}
    library = Path(mpmath.__file__).parent
    for path in sorted(library.rglob("*.py")):
        name = path.relative_to(library)
        if name.parts[0] != "tests":
            files[f"mpmath/{name.as_posix()}"] = path.read_bytes()
    for item in importlib.metadata.files("mpmath") or ():
        if item.name.startswith("LICENSE"):
            files["mpmath/LICENSE"] = Path(str(item.locate())).read_bytes()
    folders = {f"{parent.as_posix()}/" for name in files for parent in Path(name).parents[:-1]}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as target:
        # Folders have entries of their own: without them zipimport finds no namespace package.
        for entry in sorted(folders | set(files)):
            info = zipfile.ZipInfo(entry, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, files.get(entry, b""))
    return data.getvalue()
