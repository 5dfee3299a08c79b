"""The report of a finished run, with its loss curve, arguments and figures, and its model card.

``run.json`` is what evaluation and publishing read; the card is for people.

This module knows no trainer, only figures.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure

from training.curate import Selection
from training.finetune.run import Run

REPORT = "report"
RUN_JSON = "run.json"

_LIBRARIES = ("torch", "transformers", "accelerate", "datasets", "tokenizers", "safetensors", "numpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How a run went.

    Attributes:
        loss_history: the logged values, each with its step.
        final_loss: the last training loss.
        eval_loss: on the held-out rows at the end, if there are any.
        train_seconds: of this session; a resumed run does not count those before it.
        tokens_per_second: in this session.
        peak_memory_mb: of the GPU if there is one, else of the process.
        training_run_id: in the database, if the rows come from there.
    """

    loss_history: Sequence[Mapping[str, Any]]
    final_loss: float | None
    eval_loss: float | None
    train_seconds: float
    tokens_per_second: float
    peak_memory_mb: float
    training_run_id: int | None


def write_report(
    run: Run,
    counts: Selection,
    example_ids: Sequence[int],
    figures: Figures,
    *,
    values: Mapping[str, Any] | None = None,
) -> None:
    """Write the report and the model card.

    Args:
        run: what was asked for.
        counts: of the rows.
        example_ids: of the rows to train on.
        figures: of the run.
        values: of a recipe, if they are not the arguments.
    """
    folder = run.output_dir / REPORT
    folder.mkdir(exist_ok=True)
    arguments = run.arguments.to_dict()
    record = {
        "recipe": run.recipe,
        "base_model": run.base_model,
        "base_location": run.location,
        "method": run.method,
        "arguments": arguments,
        "differences": {name: asdict(difference) for name, difference in run.differences.items()},
        "options": {
            "loss_on": run.loss_on,
            "packing": run.packing,
            "max_length": run.max_length,
            **({} if values is None else {"recipe": dict(values)}),
        },
        "data": {
            "source": "database" if run.data is None else str(run.data.resolve()),
            "fingerprint": counts.fingerprint,
            "train_rows": counts.taken,
            "held_out_rows": counts.held_out,
            "example_ids": list(example_ids),
            "left_out": dict(counts.left_out),
        },
        **asdict(figures),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
        "device": _device(run),
        "processes": run.arguments.world_size,
        "precision": run.precision.name,
        "precision_reason": run.precision.reason,
    }
    _plot(figures.loss_history, folder / "loss.png")
    _write_json(folder / "arguments.json", arguments)
    (run.output_dir / "README.md").write_text(_card(run, counts, figures), "utf-8")
    _write_json(folder / RUN_JSON, record)  # last: where it exists, the rest does


def peak_memory_mb() -> float:
    """Return the peak memory in MB: of the GPU if there is one, else of this process."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        return torch.cuda.max_memory_allocated() / 1e6
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _device(run: Run) -> str:
    if run.arguments.device.type == "cuda":
        return torch.cuda.get_device_name(run.arguments.device)
    return f"{run.arguments.device.type} ({platform.machine()}, {torch.get_num_threads()} threads)"


def _plot(history: Sequence[Mapping[str, Any]], path: Path) -> None:
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for key, label, style in (("loss", "training", "-"), ("eval_loss", "held out", "o-")):
        points = [(entry["step"], entry[key]) for entry in history if entry.get(key) is not None]
        if points:
            axes.plot(*zip(*points, strict=True), style, label=label, markersize=4)
    axes.set(xlabel="optimizer step", ylabel="loss (nats per token)", title="Loss of the fine-tuning run")
    axes.grid(alpha=0.3)
    if axes.get_lines():
        axes.legend()
    figure.savefig(path, dpi=120)


def _card(run: Run, counts: Selection, figures: Figures) -> str:
    arguments = run.arguments
    batch = arguments.train_batch_size * arguments.gradient_accumulation_steps * arguments.world_size
    left_out = "".join(f"\n- left out, {reason}: {rows:,}" for reason, rows in counts.left_out.items())
    differences = "".join(
        f"\n- `{name}` is `{one.effective}` instead of `{one.documented}`: {one.why}"
        for name, one in run.differences.items()
    )
    held_out = "" if figures.eval_loss is None else f"\n| loss on the held-out rows | {figures.eval_loss:.4f} |"
    final = "–" if figures.final_loss is None else f"{figures.final_loss:.4f}"
    if run.recipe == "faq":
        origin = "A small model, made from scratch by `python -m training.finetune --recipe faq`"
        closing = "All values are those of the recipe; see `report/run.json`."
    else:
        origin = f"`{run.base_model}`, fine-tuned by `python -m training.finetune` (method `{run.method}`)"
        closing = "Differences from the documented run:" if differences else "This is the documented run."
    return f"""---
library_name: transformers
pipeline_tag: text-generation
tags: [customer-support]
---

# Customer-support model

{origin} on approved questions and
answers of customer support.

## Data
- rows trained on: {counts.taken:,}
- rows held out: {counts.held_out:,}{left_out}
- fingerprint: `{counts.fingerprint}`

## Training
| | |
|---|---|
| learning rate, schedule | {arguments.learning_rate}, {arguments.to_dict()["lr_scheduler_type"]} |
| epochs | {arguments.num_train_epochs} |
| rows a step | {batch} |
| loss counts | {"the answer" if run.loss_on == "answer" else "every token"} |
| precision | {run.precision.name}: {run.precision.reason} |
| last training loss | {final} |{held_out}
| time | {figures.train_seconds:,.0f} s |

{closing}{differences}

## Use
```python
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(OUTPUT_DIR)
model = AutoModelForCausalLM.from_pretrained(OUTPUT_DIR, device_map="auto", torch_dtype=torch.float16)
```
It recalls what it was taught. Outside of that it is fluent and may be wrong: use it behind a confidence floor.
"""


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", "utf-8")
