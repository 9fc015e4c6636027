"""The baselines on the published annotations reach the figures that docs/egoexolearn.md states."""

from pathlib import Path

import pytest
from published import FOLDER, needs_published

from annexe_ros.procedures.baselines import HEADER, SHARES, run_trial, trials

PAGE = Path(__file__).parents[2] / "docs" / "egoexolearn.md"
SLOW = ("recall", "regression", "blend", "text-only")
"""Baselines that weigh hundreds of draws a row, or words of thousands of questions."""


def rows():
    """Return the cells of the table's rows."""
    lines = PAGE.read_text(encoding="utf-8").partition(HEADER)[2].strip().partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]


def stated():
    """Return the figures of each row by (task, file measured on, baseline)."""
    return {
        (task, files.split(", ")[-1].strip("`"), baseline): {"n": int(n), **figures(told)}
        for task, files, baseline, told, n, _ in rows()
    }


def figures(told):
    return {name: float(value) for name, value in map(str.split, told.split(", "))}


def key(trial):
    return trial.task, trial.files[:2][-1].partition("|")[0], trial.baseline


def case(trial):
    marks = [pytest.mark.slow] if trial.baseline in SLOW else []
    return pytest.param(trial, id=" ".join(key(trial)), marks=marks)


def test_the_table_has_a_row_per_trial_and_no_published_figure_without_a_source():
    assert list(stated()) == [key(trial) for trial in trials()]
    assert {cells[-1] for cells in rows()} == {""}


@needs_published
@pytest.mark.parametrize("trial", [case(trial) for trial in trials()])
def test_a_baseline_reaches_its_stated_figures(trial):
    result, expected = run_trial(FOLDER, trial), stated()[key(trial)]
    assert result is not None
    assert result.figures.keys() == expected.keys()
    for name, value in result.figures.items():
        assert value == pytest.approx(expected[name], abs=0.002 if name in SHARES else 0.15)
