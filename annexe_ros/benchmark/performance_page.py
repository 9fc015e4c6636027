"""docs/performance.md and its plots, from the figures of a run; those under "What was changed" stay as they are."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from annexe_ros.benchmark.report import TARGETS, is_reached
from annexe_ros.core.errors import MissingDependencyError

COMMAND = "make bench"
PLOTS = {
    "first_query_by_pixels_ms": ("image", "first query [ms]"),
    "follow_up_by_targets_ms": ("targets found", "follow-up query [ms]"),
    "follow_up_by_words_ms": ("words of the question", "follow-up query [ms]"),
    "queries_by_callers_per_s": ("callers at once", "queries per second"),
    "follow_up_by_cameras_ms": ("cameras in turns", "follow-up query [ms]"),
}
"""What grows, and what its plot's axes say."""

PAGE = """# Performance

The figures of tables and plots were written by `{command}` (`annexe bench --page docs`), on {machine};
those under "What was changed" are of the days on which it was changed. The model is {model}, {dtype}, on {device}.
Ratios are medians of pairs measured one right after the other, so that other work on the machine meets both alike.

## What was reached

| figure | measured | target | reached |
|---|---|---|---|
{targets}

Outputs equal to the baseline's: {equal}.{differences}

The baseline is the authors' flow with the same weights (`annexe_ros/benchmark/authors_flow.py`): the image is encoded
once for the analysis and once for the answer, the two texts are generated one after the other by transformers, all maps
are brought to the image's size, in float32, and nothing is kept for the next query.

## Where a first query's time goes

| stage | ms |
|---|---|
{stages}

`decode` is a camera's JPEG, `preprocess` makes the model's input, `prefill` reads the image as a text, `analyse` and
`answer` are generated as one batch: the text that ends first has the time until then, the other one what it takes
longer; together they come at {speed}. `ground` is the network's part of masks, `postprocess` draws them at the image's
size, `messages` is what the node makes of an answer. `first_token` is the time from the query to its first text, not a
stage of its own.

{node}

## What the machine allows

| limit | value |
|---|---|
{limits}

A token can't be had faster than its weights are read (bytes), an image not faster than its operations are done. Beside
these limits a small model pays for calls: {calls}

## The paper's layout, with random weights

{paper}

## How cost grows

{plots}

## What was changed, and what for

* **One encoding per frame**, remembered for the last four frames: a follow-up query pays no vision, no reading of the
  image by the language model and no analysis (`inference/seeing.py`).
* **Analysis and answer as one batch** behind the same image, each row at its own position, where no synthesizer makes
  the answer wait for the analysis (`inference/decoding.py`). A memory of fixed size takes keys and values; the image's
  part is copied into it, never computed again.
* **A Llama's layers run directly**, without transformers' caches, masks and hooks, and with matrices that read the same
  input joined where they are small (`inference/llama.py`). A small model spends its time on calls, not on
  multiplications.
* **Guesses are read along**: which token followed the last two in earlier texts is a guess of what follows now, and
  reading nine tokens takes hardly longer than reading one. What the model wouldn't have said is dropped, so that texts
  stay the same (`inference/drafting.py`). Descriptions of 300 generated scenes that had nothing to do with each other
  took 6.3 steps instead of 16.6.
* **Masks only inside their boxes**: interpolation is two products with the same weights, so that a box costs what it
  covers; scores and contact are read from the maps' own cells (`inference/masks.py`, `inference/grounding.py`).
* **Images are scaled as bytes** before they become floats.
* **A convolution with its normalisation and its activation is one call** of oneDNN when float32 weights are loaded on a
  CPU, in the order of channels that the pixels have; the uneven borders of strided ones are part of the filters
  (`inference/fusion.py`, `inference/folding.py`). This halved the backbone's time: a map is written once, not four
  times.
* **Each mask's box is looked for once** (`Interpretation.windows`), where the masks are drawn; overlays, markers and
  clouds are drawn in a thread of their own, and only for subscribers (`nodes/answer_output.py`).
* **The response goes first**: topics are published when it is on its way (`nodes/serving.py`). Depth is checked when it
  is taken and converted when somebody reads it, which a query without 3D doesn't (`core/frame.py`); what a message
  carries is written where it will lie (`ros/images.py`).
* **Places in space without idle work**: only the surroundings of a mask are looked at, a box's directions are tried
  together, and the largest products are taken in parts, since BLAS would wake its threads for them, which wait for each
  other where cores are busy; of a wide ring around a thing some pixels are enough to know what it stands on
  (`core/boxes.py`, `core/support.py`).
* **The engine is loaded in a thread that ends**: OpenMP keeps helpers for every thread that ever computed, and once
  there are more of them than cores they sleep at each place where they meet. A node that loaded its engine in one
  thread and asked it in another took 133 ms for a call that then took 85 ms (`inference/own_thread.py`; the model of
  that day saw fewer pixels).
* **OpenMP's helpers sleep soon** (`nodes/spinning.py`): by default they stay awake for some milliseconds after each
  computation, on the core that the client needs for the answer. With `GOMP_SPINCOUNT` at 20,000 the node's own share
  was .044 to .051 in eight runs, in seven of them at most .050; in four runs between these it was .057 to .061 without
  it (`GOMP_SPINCOUNT=300000 make bench`), and a follow-up took 45 ms, not 40. With helpers that never wait awake
  (`OMP_WAIT_POLICY=PASSIVE make bench`) the share is as small, but computing takes longer. These shares are of a
  model that looked once at an image. The shipped one looks at its mirror image too (`"mirrored": true` in its
  `config.json`): encoding takes twice as long and more answers are right, and the node's share of a call is smaller,
  though it takes as many milliseconds.
* **Nothing is spelt for nobody**: tokens become text while they are generated only where a caller listens.

Tried and left out: bfloat16 in the image encoder is faster on a CPU with AMX, but moves the visual tokens so far that
texts and masks are no longer the same; `--dtype bfloat16` has it for those who want it. With `--dtype int8` (torchao
0.18) a first query took 146 ms, 141 in float32 (24 queries in turns, by a script that wasn't kept, one look at each
image; the answers are the same): a token's time is not its bytes' here. Weights reordered for oneDNN beforehand are
quick for one size of image and several times slower for others. rclpy 7.1's events executor takes its turns without
looking at every entity, but doesn't await the coroutines of services. Thresholds of malloc change nothing in how long
messages take. Not tried, for want of a GPU: CUDA graphs, compilation, pinned copies.

{notes}
"""


def page(figures: Mapping[str, Any]) -> str:
    """Return the page of a run's figures (``BenchReport.to_json``)."""
    return PAGE.format(
        command=COMMAND,
        machine=figures["machine"],
        model=figures["model"],
        dtype=figures["dtype"],
        device=figures["device"],
        targets=_rows({name: (figures[name], _target(name), _reached(name, figures[name])) for name in TARGETS}),
        equal="yes" if figures["outputs_equal"] else "no",
        differences="".join(f"\n* {sentence}" for sentence in figures["differences"]),
        stages=_rows({name: (ms,) for name, ms in figures["stages_ms"].items()}),
        node=_node(figures["node"]),
        limits=_rows({name: (value,) for name, value in figures["limits"].items()}),
        calls=_calls(figures),
        speed=f"{_cell(figures['tokens_per_s'])} tokens/s" if figures["tokens_per_s"] else "no speed: there were none",
        paper="| figure | value |\n|---|---|\n" + _rows({name: (value,) for name, value in figures["paper"].items()}),
        plots=_plots(figures),
        notes="\n".join(f"* {note}" for note in figures["notes"]),
    )


def check_can_draw() -> None:
    """Raise ``MissingDependencyError`` where plots can't be drawn."""
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingDependencyError("'matplotlib', which plots need,", "pip install matplotlib")


def draw(figures: Mapping[str, Any], folder: Path) -> None:
    """Write a plot for everything that grows, with matplotlib."""
    from matplotlib.figure import Figure

    folder.mkdir(parents=True, exist_ok=True)
    for name, values in figures["growth"].items():
        plot = Figure(figsize=(5, 3), layout="constrained")
        axes = plot.subplots()
        axes.plot(list(values), list(values.values()), marker="o")
        axes.set_xlabel(PLOTS[name][0])
        axes.set_ylabel(PLOTS[name][1])
        axes.set_ylim(bottom=0)
        axes.grid(visible=True, alpha=0.3)
        plot.savefig(folder / f"performance_{name}.png", dpi=100)


def _rows(table: Mapping[str, tuple[Any, ...]]) -> str:
    return "\n".join(f"| {name} | {' | '.join(_cell(value) for value in values)} |" for name, values in table.items())


def _cell(value: Any) -> str:
    if value is None:
        return "not measured"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return str(value)


def _target(name: str) -> str:
    bound = "at most" if name == "node_overhead_share" else "at least"
    return f"{bound} {TARGETS[name]:g}"


def _node(node: Mapping[str, Any] | None) -> str:
    """Return the table of the node's figures, which are seen from outside."""
    if node is None:
        return "The node was not measured."
    return (
        "A node in a process of its own, seen by a client at 1280x720; `overhead` is what of a call about the camera's "
        "newest frame isn't the engine's, `round_trip` what a call takes that is refused at once, `locate` what places "
        "in space add where they are wanted:\n\n"
        f"| figure | value |\n|---|---|\n{_rows({name: (value,) for name, value in node.items()})}"
    )


def _calls(figures: Mapping[str, Any]) -> str:
    speed = figures["tokens_per_s"]
    if not speed:
        return "no text was generated in this run."
    limit = figures["limits"]["token_limit_ms"]
    return (
        f"a token takes {1e3 / speed:.3g} ms here, {1e3 / speed / limit:.3g} times the limit of its bytes "
        "(less than once is possible, since guessed tokens are read several at a time)."
    )


def _plots(figures: Mapping[str, Any]) -> str:
    if not figures["growth"]:
        return "Not measured in this run."
    return "\n\n".join(
        f"![{PLOTS[name][1]} by {PLOTS[name][0]}](images/performance_{name}.png)" for name in figures["growth"]
    )


def _reached(name: str, value: float | None) -> str | None:
    if value is None:
        return None
    return "yes" if is_reached(name, value) else "no"
