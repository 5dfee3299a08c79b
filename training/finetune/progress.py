"""The progress of a run: a bar with loss, tokens/s and time left on a terminal, elsewhere a line at each log.

Everything goes to standard error; standard output is for the result. Programs read ``--progress FILE`` instead.
Only the main process shows anything.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from training.lines import Lines

if TYPE_CHECKING:
    from training.finetune.run import Run

_PHASE = "train"
_LOSSES = ("loss", "eval_loss")


def show_progress(run: Run, console: Console) -> list[TrainerCallback]:
    """Return the callbacks that show the progress of a run: to people, and to a program on request.

    Raises:
        ConfigError: the file for programs can't be written.
    """
    shown: list[TrainerCallback] = [ProgressBar(console)]
    if run.progress is not None:
        shown.append(ProgressLines(Lines(run.progress)))
    return shown


class ProgressBar(TrainerCallback):
    """Shows the progress of one training.

    Args:
        console: for the output; lines instead of a bar if it is no terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("Training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]}"),
            TextColumn("{task.fields[speed]} tokens/s"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._loss = "–"
        self._began = 0.0
        self._tokens_before = 0
        self._steps_before = 0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Show the bar."""
        self._began = time.monotonic()
        self._tokens_before = int(state.num_input_tokens_seen)
        self._steps_before = state.global_step
        if state.is_world_process_zero:
            self._bar.start()
            self._task = self._bar.add_task(
                "", total=state.max_steps, completed=state.global_step, loss=self._loss, speed="–"
            )

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Advance the bar; the last step is always logged, so that a short run has a loss too."""
        if state.global_step >= state.max_steps:
            control.should_log = True
        if self._task is not None:
            self._bar.update(
                self._task, completed=state.global_step, loss=self._loss, speed=f"{self._speed(state):,.0f}"
            )

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Record the loss; NaN ends the training, because it would not recover."""
        if logs is None or "loss" not in logs:
            return
        self._loss = f"{logs['loss']:.4f}"
        if not math.isfinite(logs["loss"]):
            control.should_training_stop = True
        if self._task is not None and not self._console.is_terminal:
            self._console.print(
                f"step {state.global_step} of {state.max_steps}, loss {self._loss}, "
                f"{self._speed(state):,.0f} tokens/s, {self._seconds_left(state):,.0f} s left",
                highlight=False,
            )

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Stop the bar."""
        self._bar.stop()

    def _speed(self, state: TrainerState) -> float:
        seconds = max(time.monotonic() - self._began, 1e-9)
        return (int(state.num_input_tokens_seen) - self._tokens_before) / seconds

    def _seconds_left(self, state: TrainerState) -> float:
        done = max(state.global_step - self._steps_before, 1)
        return (time.monotonic() - self._began) / done * (state.max_steps - state.global_step)


class ProgressLines(TrainerCallback):
    """Reports one training to a program.

    Args:
        lines: for the output.
    """

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._began = 0.0
        self._steps_before = 0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Write the total number of steps."""
        self._began, self._steps_before = time.monotonic(), state.global_step
        if state.is_world_process_zero:
            self._lines.done(_PHASE, state.global_step, state.max_steps)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Write the finished steps."""
        if state.is_world_process_zero:
            each = (time.monotonic() - self._began) / max(state.global_step - self._steps_before, 1)
            left = each * (state.max_steps - state.global_step)
            self._lines.done(_PHASE, state.global_step, state.max_steps, left)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Write the losses."""
        losses = {name: logs[name] for name in _LOSSES if name in logs} if logs else {}
        if losses and state.is_world_process_zero:
            self._lines.logged(state.global_step, **losses)
