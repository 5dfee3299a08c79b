"""The documented run is the default, and every value of it can be overridden by a flag.

The command line is that of ``TrainingArguments`` itself, made by transformers' own parser, with a few flags of
ours. A value comes from its flag, else from the needs of this machine (no fp16 without a GPU, fewer accumulation
steps with more processes), else from the documented run. Differences from the documented run are listed with their
reasons.

``training_args.bin`` is a pickle, as Trainer writes it; it is only read with ``weights_only=True`` and the few
classes of ``SAFE_GLOBALS``.

This module knows no data and no model.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Literal, NoReturn

import torch
from accelerate import PartialState
from accelerate.utils import DistributedType, broadcast_object_list
from transformers import HfArgumentParser, SchedulerType, TrainingArguments
from transformers.trainer_pt_utils import AcceleratorConfig
from transformers.trainer_utils import HubStrategy, IntervalStrategy, SaveStrategy
from transformers.training_args import OptimizerNames

from supportbot.config import Settings
from supportbot.engine.prompt import MAX_LENGTH
from supportbot.errors import ConfigError
from supportbot.models.registry import Registry
from training.finetune.hub import ACTIVE, BASE_MODEL
from training.finetune.machine import Machine
from training.finetune.recipes import check_recipe, scratch_run
from training.finetune.run import Difference, Run

ARGUMENTS_BIN = "training_args.bin"
ARGUMENTS_JSON = "training_args.json"

EFFECTIVE_BATCH = 8

DOCUMENTED: dict[str, Any] = {
    "per_device_train_batch_size": 2,
    "gradient_accumulation_steps": 4,
    "learning_rate": 2e-4,
    "num_train_epochs": 1.0,
    "optim": "adamw_torch_fused",
    "adam_beta1": 0.9,
    "adam_beta2": 0.999,
    "adam_epsilon": 1e-8,
    "weight_decay": 0.0,
    "lr_scheduler_type": "linear",
    "max_grad_norm": 1.0,
    "fp16": True,
    "seed": 42,
    "logging_steps": 50,
    "eval_strategy": "steps",
    "eval_steps": 1000,
    "save_strategy": "steps",
    "save_steps": 1000,
    "save_total_limit": 2,
    "report_to": "none",
}
"""The documented run."""

_OURS: dict[str, Any] = {
    "train_sampling_strategy": "group_by_length",  # random batches were half padding
    "remove_unused_columns": False,  # the collator takes its columns; lengths are for the sampler
    "include_num_input_tokens_seen": "non_padding",  # for the tokens/s, also after a resume
    "logging_nan_inf_filter": False,  # show a loss that is not a number
    "disable_tqdm": True,  # we have our own bar
    "prediction_loss_only": True,  # logits of all held-out rows would fill the memory
}
"""Values that the documented run does not specify."""

_KTO: dict[str, Any] = {
    "learning_rate": 5e-6,  # TRL advises 5e-7 to 5e-6 for any data, and more epochs rather than a higher rate
    "per_device_train_batch_size": 8,  # a batch estimates how far the model has moved: 4 or more
    "gradient_accumulation_steps": 2,  # 16 rows a step, the least that TRL advises
    "train_sampling_strategy": "sequential",  # the rows are shuffled beforehand
}
"""Values for learning from votes that differ from the documented run, which learns answers."""

SAFE_GLOBALS: list[Any] = [
    TrainingArguments,
    OptimizerNames,
    SchedulerType,
    IntervalStrategy,
    SaveStrategy,
    HubStrategy,
    AcceleratorConfig,
    PartialState,
    DistributedType,
]
"""All classes in a ``training_args.bin``; ``torch.load`` refuses every other one."""


def _reduce_to_value(member: Enum, protocol: object) -> tuple[type[Enum], tuple[Any]]:
    return type(member), (member.value,)


if SaveStrategy.NO.__reduce_ex__(2)[0] is getattr:
    # Python before 3.11.4 pickles an enum as getattr(class, name), and what needs getattr can't be read safely.
    for _class in SAFE_GLOBALS:
        if issubclass(_class, Enum):
            _class.__reduce_ex__ = _reduce_to_value


@dataclass
class _Options:
    """Our flags, in the form of transformers' parser."""

    from_db: bool = field(default=False, metadata={"help": "Train on the approved rows of the database."})
    data: str | None = field(default=None, metadata={"help": "Train on a JSONL file of question,answer rows."})
    recipe: Literal["documented", "faq"] = field(
        default="documented",
        metadata={"help": "Fine-tune a base (documented), or make a small model from the answers only (faq)."},
    )
    base_model: str = field(
        default=BASE_MODEL,
        metadata={"help": "A hub id, a directory, a version in the registry, or 'active' for the live one."},
    )
    method: Literal["sft", "kto"] = field(
        default="sft", metadata={"help": "Learn approved answers (sft), or from up and down votes (kto)."}
    )
    loss_on: Literal["answer", "all"] = field(
        default="answer", metadata={"help": "Tokens that the loss counts: the answer's, or all."}
    )
    packing: bool = field(
        default=False, metadata={"help": "Join the rows of a batch end to end instead of padding them."}
    )
    max_length: int = field(default=MAX_LENGTH, metadata={"help": "The most tokens in a row."})
    doubt_share: float = field(
        default=0.0,
        metadata={
            "help": "Add this share of rows that keep the model unsure of out-of-scope questions, such as 0.25."
        },
    )
    resume: bool = field(default=False, metadata={"help": "Continue from the newest usable checkpoint."})
    dry_run: bool = field(default=False, metadata={"help": "Show what would be done, and do nothing."})
    json: bool = field(default=False, metadata={"help": "Print the result as one line of JSON."})
    progress: str | None = field(
        default=None, metadata={"help": "Write progress to this file as JSON lines, for another program."}
    )


_ABSENT = object()


class _Parser(HfArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Print only the sentence: the usage would list a hundred flags before it."""
        raise ConfigError(f"{message[:1].upper()}{message[1:]}; see --help.")


def parse_run(argv: Sequence[str], settings: Settings, machine: Machine) -> Run:
    """Return the run that a command line asks for.

    Raises:
        ConfigError: a flag is unknown or its value wrong.
        ModelError: the base is a version that is damaged.
    """
    parser = _build_parser()
    options = parser.parse_args(argv)
    _check(options)
    # argparse keeps existing attributes, so a value that is still absent after parsing was not given.
    known = dict.fromkeys(vars(options), _ABSENT)
    found = vars(parser.parse_args(argv, Namespace(**known)))
    given = {name: value for name, value in found.items() if value is not _ABSENT}
    if options.recipe == "faq":
        check_recipe(given, machine)
        return scratch_run(
            options, _output_dir(given.get("output_dir"), settings, resume=False), settings, machine
        )
    method = _KTO if options.method == "kto" else {}
    planned = {**DOCUMENTED, **method}
    batch = planned["per_device_train_batch_size"]
    adapted, precision, reasons = machine.adapt(
        {"per_device_train_batch_size": batch, **given}, batch * planned["gradient_accumulation_steps"]
    )
    reasons = {**{name: "learning from votes needs it" for name in method if name not in given}, **reasons}
    ours = {option.name for option in fields(_Options)}
    values = {
        **DOCUMENTED,
        **_OURS,
        **method,
        **adapted,
        **{name: value for name, value in given.items() if name not in ours},
    }
    if options.packing:
        values["include_num_input_tokens_seen"] = "all"  # a packed batch has no padding, and no mask to count by
    values["output_dir"] = str(_output_dir(values.get("output_dir"), settings, resume=options.resume))
    arguments = _build_arguments(values)
    if options.doubt_share and arguments.train_sampling_strategy != "group_by_length":
        raise ConfigError("--doubt-share needs --train-sampling-strategy group_by_length, which is the default.")
    if arguments.world_size > 1:  # the name holds the time, and all processes need the same
        [values["output_dir"]] = broadcast_object_list([values["output_dir"]])
        arguments.output_dir = values["output_dir"]
    # One process per GPU; a second GPU needs a second process, not a replica of the model per thread.
    arguments._n_gpu = min(arguments.n_gpu, 1)
    source = Registry(settings.models_dir).resolve(None if options.base_model == ACTIVE else options.base_model)
    return Run(
        base_model=source.version,
        location=source.location,
        output_dir=Path(values["output_dir"]),
        method=options.method,
        arguments=arguments,
        differences=_differences(arguments, reasons),
        precision=precision,
        data=None if options.data is None else Path(options.data),
        loss_on=options.loss_on,
        packing=options.packing,
        max_length=options.max_length,
        doubt_share=options.doubt_share,
        resume=options.resume,
        dry_run=options.dry_run,
        as_json=options.json,
        progress=None if options.progress is None else Path(options.progress),
        settings=settings,
    )


def load_arguments(directory: Path) -> TrainingArguments:
    """Read the arguments of a run or of a checkpoint; nothing but ``SAFE_GLOBALS`` is ever unpickled.

    Raises:
        ConfigError: the file is missing or holds anything else.
    """
    path = directory / ARGUMENTS_BIN
    try:
        with torch.serialization.safe_globals(SAFE_GLOBALS):
            loaded = torch.load(path, weights_only=True)
    except Exception as error:  # a damaged or hostile pickle may raise anything
        raise ConfigError(f"'{path}' does not contain the arguments of a run: {type(error).__name__}.") from error
    if not isinstance(loaded, TrainingArguments):
        raise ConfigError(f"'{path}' does not contain the arguments of a run.")
    return loaded


def _build_parser() -> _Parser:
    kinds: Any = [_Options, TrainingArguments]
    parser = _Parser(
        kinds,
        prog="python -m training.finetune",
        usage="python -m training.finetune (--from-db | --data FILE.jsonl) [flag …]",
        description="Fine-tune a model on approved answers; without further options, this is the documented run.",
        allow_abbrev=False,
    )
    parser.add_argument("--no-packing", "--no_packing", dest="packing", action="store_false")
    parser.set_defaults(**DOCUMENTED, packing=False)  # what --help shows
    return parser


def _check(options: Namespace) -> None:
    if options.from_db == (options.data is not None):
        raise ConfigError("The rows are missing: add either --from-db or --data FILE.jsonl.")
    if options.data is not None and not Path(options.data).is_file():
        raise ConfigError(f"'{options.data}' is not a file: --data needs a JSONL file of question,answer rows.")
    if not 0 <= options.doubt_share <= 1:
        raise ConfigError("--doubt-share is a share of the rows: give a number from 0 to 1, such as 0.25.")
    if options.doubt_share and options.method == "kto":
        raise ConfigError("--doubt-share is for --method sft: votes judge whole answers.")
    if options.resume_from_checkpoint is not None:
        raise ConfigError("--resume-from-checkpoint is not used here: --resume finds the newest usable one.")


def _output_dir(given: str | None, settings: Settings, *, resume: bool) -> Path:
    if given is not None:
        return Path(given).expanduser()
    runs = settings.home / "runs"
    if resume:
        started = sorted(path.parent for path in runs.glob("*/UNFINISHED"))
        if not started:
            raise ConfigError(f"There is no run in '{runs}' to resume: name its folder with --output-dir.")
        return started[-1]
    return runs / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")


def _build_arguments(values: Mapping[str, Any]) -> TrainingArguments:
    try:
        return TrainingArguments(**values)
    except (ValueError, TypeError, NotImplementedError) as error:
        sentence = " ".join(str(error).split())
        raise ConfigError(f"These options do not go together: {sentence.rstrip('.')}.") from error


def _differences(arguments: TrainingArguments, reasons: Mapping[str, str]) -> dict[str, Difference]:
    effective = arguments.to_dict()
    return {
        name: Difference(
            documented=value, effective=effective[name], why=reasons.get(name, "it was set on the command line")
        )
        for name, value in DOCUMENTED.items()
        # TrainingArguments says "none" as an empty list.
        if effective[name] != value and not (name == "report_to" and effective[name] == [])
    }
