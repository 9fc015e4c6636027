"""Nothing that we read can run code: a walk over every source file for calls that would let it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("annexe_ros", "scripts", "launch", "portable", "examples")

MODULES = frozenset({"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"})
"""Modules whose files are programs; multiprocessing talks in pickle too, but to our own processes only."""

HARMLESS = frozenset({"UnpicklingError"})
"""What torch.load raises for a file that isn't plain weights."""

NEVER = frozenset({
    "eval", "exec", "os.system", "os.popen", "yaml.unsafe_load", "yaml.full_load", "yaml.unsafe_load_all",
    "yaml.full_load_all", "builtins.eval", "builtins.exec",
})  # fmt: skip
SAFE_LOADERS = ("SafeLoader", "CSafeLoader")


def name_of(node: ast.expr) -> str:
    """Return what is called, e.g. "np.load"; empty for anything but a dotted name."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def constant(call: ast.Call, keyword: str) -> object:
    """Return the value that a keyword is given as it stands; None where it isn't there."""
    for given in call.keywords:
        if given.arg == keyword:
            return given.value.value if isinstance(given.value, ast.Constant) else name_of(given.value)
    return None


def problem_of_call(call: ast.Call) -> str | None:
    name = name_of(call.func)
    if name in NEVER:
        return name
    if name == "torch.load" and constant(call, "weights_only") is not True:
        return "torch.load without weights_only=True"
    if name in ("np.load", "numpy.load") and constant(call, "allow_pickle") is not False:
        return f"{name} without allow_pickle=False"
    if name in ("yaml.load", "yaml.load_all") and str(constant(call, "Loader")).split(".")[-1] not in SAFE_LOADERS:
        return f"{name} without a safe loader"
    for keyword in ("trust_remote_code", "shell"):
        if constant(call, keyword) not in (None, False):
            return f"{name} with {keyword}"
    return None


def problems_of_import(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.split(".")[0] in MODULES)
    elif (node.module or "").split(".")[0] in MODULES:
        yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name not in HARMLESS)
    elif node.module in ("torch", "numpy", "yaml", "os"):  # under another name the walk wouldn't know them
        yield from (f"{node.module}.{a.name} by itself" for a in node.names if a.name in ("load", "system", "popen"))


def problems(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            found.append(problem_of_call(node))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found += problems_of_import(node)
    return [problem for problem in found if problem]


def sources() -> list[Path]:
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*") if file.is_file()]
    python = [file for file in files if file.suffix == ".py" or (file.parent.name == "scripts" and not file.suffix)]
    return sorted([*python, ROOT / "setup.py"])


def test_no_source_runs_what_it_reads():
    found = {str(file.relative_to(ROOT)): problems(file.read_text(encoding="utf-8")) for file in sources()}
    assert {file: problems for file, problems in found.items() if problems} == {}
    assert len(found) > 100
    assert "scripts/perception_node" in found


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "from joblib import load",
        "eval('1')",
        "exec(code)",
        "os.system('ls')",
        "from os import system",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "from torch import load",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=maybe)",
        "yaml.load(text)",
        "yaml.load(text, Loader=yaml.Loader)",
        "yaml.full_load(text)",
        "AutoModel.from_pretrained(name, trust_remote_code=True)",
        "subprocess.run(text, shell=True)",
    ],
)
def test_the_walk_notices(source):
    assert len(problems(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from pickle import UnpicklingError",
        "model.eval()",
        "json.load(file)",
        "torch.load(path, weights_only=True, mmap=True)",
        "np.load(path, allow_pickle=False)",
        "yaml.load(text, Loader=yaml.CSafeLoader)",
        "yaml.safe_load(text)",
        "subprocess.run(words, shell=False)",
    ],
)
def test_the_walk_lets_pass(source):
    assert problems(source) == []
