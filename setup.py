"""Build of the pip package: the rooms that need no ROS, and the shipped models as package data.

Metadata is in pyproject.toml. Here stands only what it can't say: the models lie beside the package in a checkout and
inside it in a wheel. An ordinary ROS 2 workspace builds with CMakeLists.txt and never looks here.
"""

from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
MODELS = "models"


class BuildWithModels(build_py):
    """Copies models/ into the package; an editable install finds them where they are."""

    def run(self) -> None:
        """Copy after the modules."""
        super().run()
        if not self.editable_mode:
            for file in self._model_files():
                target = Path(self.build_lib, "annexe_ros", MODELS, file.relative_to(ROOT / MODELS))
                self.mkpath(str(target.parent))
                self.copy_file(str(file), str(target))

    def _model_files(self) -> list[Path]:
        return [file for file in (ROOT / MODELS).rglob("*") if file.is_file()]


setup(
    packages=find_packages(include=["annexe_ros*"], exclude=["annexe_ros.ros*", "annexe_ros.nodes*"]),
    package_data={"annexe_ros.evaluation": ["page.html"]},
    cmdclass={"build_py": BuildWithModels},
)
