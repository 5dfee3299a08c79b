"""Several processes on a CPU, as ``accelerate launch --num_processes 2 --cpu`` requests.

Without MPI, accelerate 1.x starts one process for that command, gives it a rendezvous address, and does not start
the others. Instead of silently training alone, that process starts them with torch's own launcher (gloo).

This module knows no training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import psutil
from accelerate.commands.launch import launch_command_parser
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import parse_args, run

_LAUNCHED = ("WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
"""Every launcher that does start the processes sets one of them."""


def cpu_processes_wanted(environment: Mapping[str, str]) -> int:
    """Return the number of processes that accelerate should have started; 1 if there is nothing to do."""
    # accelerate sets a rendezvous address only for more than one process.
    alone = "MASTER_ADDR" in environment and not any(name in environment for name in _LAUNCHED)
    if not alone or environment.get("ACCELERATE_USE_CPU", "").lower() != "true":
        return 1
    parent = psutil.Process().parent()
    return processes_of(parent.cmdline() if parent else [])


def processes_of(command: Sequence[str]) -> int:
    """Return the number of processes in an ``accelerate launch`` command line, else 1."""
    begin = next((place + 1 for place, word in enumerate(command) if word == "launch"), None)
    if begin is None:
        # `python -m accelerate.commands.launch` has no such word.
        begin = next((place + 1 for place, word in enumerate(command) if word.endswith("launch.py")), None)
    if begin is None:
        return 1
    asked = launch_command_parser().parse_known_args(list(command[begin:]))[0]
    return int(asked.num_processes or 1)


def launch(processes: int, argv: Sequence[str]) -> int:
    """Run this command in several processes; return the exit status of the first that failed, else 0."""
    options = ["--standalone", f"--nproc-per-node={processes}", "-m", "training.finetune"]
    try:
        run(parse_args([*options, *argv]))
    except ChildFailedError as error:
        return int(error.get_first_failure()[1].exitcode)
    return 0
