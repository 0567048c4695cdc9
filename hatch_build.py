"""Compiles the decision diagrams when the package is built, or installed for development."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from Cython.Build import cythonize
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension

SOURCE = Path("engine/evaluation/diagram.pyx")


class Compile(BuildHookInterface[Any]):
    """Adds the compiled module to a wheel; for development it is put beside its source."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile for the Python that builds, and mark the wheel as being for that alone."""
        self._made = Path(tempfile.mkdtemp())
        built = _compiled(self._made)
        if version == "editable":
            shutil.copy(built, SOURCE.parent)
        else:
            build_data["force_include"][str(built)] = str(SOURCE.parent / built.name)
            build_data.update(pure_python=False, infer_tag=True)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made on the way."""
        shutil.rmtree(self._made)


def _compiled(folder: Path) -> Path:
    name = ".".join(SOURCE.with_suffix("").parts)
    extension = Extension(name, [str(SOURCE)], extra_compile_args=["-g0"])
    modules = cythonize([extension], build_dir=str(folder / "c"), quiet=True)
    command = Distribution({"ext_modules": modules}).get_command_obj("build_ext")
    command.build_lib, command.build_temp = str(folder / "lib"), str(folder / "o")
    command.ensure_finalized()
    command.run()
    return Path(command.get_outputs()[0])
