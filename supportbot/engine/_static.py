"""Decoding with a cache that stays where it is, so that a step can be recorded once and replayed.

The cache has a slot for each row. Rows that are being decoded use the first slots, each from column 0 on and at
its own pace, so there is no padding, and a waiting request takes the first free slot. A step covers a bucket: the
first 1, 2, 4, … slots and the first 128, 256, … columns that hold all rows; slots beyond the last row compute
something nobody reads. A bucket is a view of the one cache, so it costs no memory, and rows change buckets without
being moved.

A step's inputs are copied from the host at once, and ``_sampling`` copies its results back at once, so the device
never waits for the host. While the device runs a step, the host passes on the tokens of the one before. This
module runs on every device; only ``_graphs``, which it gets on CUDA, does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import Cache, PreTrainedModel, StaticCache
from transformers.cache_utils import StaticLayer

from supportbot.engine._decoding import advance, choose_tokens, prefill
from supportbot.engine._graphs import Recorder
from supportbot.engine._request import Request
from supportbot.engine._sampling import Sampler

COLUMNS = 128
"""Columns of the smallest bucket; the documented 200 tokens need two sizes. Attention reads all columns of a
bucket."""


def suits_static(model: PreTrainedModel) -> bool:
    """Return whether steps of constant shape pay on the model's device and its layers allow them."""
    return model.device.type == "cuda" and allows_static(model)


def allows_static(model: PreTrainedModel) -> bool:
    """Return whether a model is on one device and consists of plain attention with a mask, as GPT-2 does."""
    devices = set(getattr(model, "hf_device_map", {}).values())
    if len(devices) > 1 or not model._can_compile_fullgraph:
        return False
    layers = StaticCache(config=model.config, max_cache_len=1).layers
    return model.config._attn_implementation in ("sdpa", "eager") and all(
        type(layer) is StaticLayer for layer in layers
    )


class _Layer(StaticLayer):
    """Keys and values of one layer, ``[B, H, T, D]``, where each row continues in its own column.

    The library's own layer has one next column for all rows, so no row could start later than another.
    """

    def __init__(self, keys: torch.Tensor, values: torch.Tensor, columns: torch.Tensor) -> None:
        super().__init__(max_cache_len=keys.shape[2])
        self.keys, self.values = self._own = keys, values
        self._columns = columns[:, :, None, None]
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Store one column a row, and return all columns."""
        for own, states in zip(self._own, (key_states, value_states), strict=True):
            own.scatter_(2, self._columns.expand_as(states), states)
        return self._own


class StaticDecoder:
    """Decodes in steps of constant shape; see ``_decoding.Decoder``.

    Memory is bounded: ``max_rows`` slots with the columns of the longest request so far.

    Args:
        model: one that ``allows_static``.
        max_rows: rows decoded together.
        recorder: of steps, where the device has one; without it they run as they are.
    """

    def __init__(self, model: PreTrainedModel, max_rows: int, recorder: Recorder | None = None) -> None:
        self._model = model
        self._max_rows = max_rows
        self._slots = _bucket(max_rows, 1)
        self._recorder = recorder
        self._steps: dict[tuple[int, int], Callable[[], torch.Tensor]] = {}
        # For each slot its newest token and that token's column, which is also its position.
        self._inputs = torch.zeros((2, self._slots), dtype=torch.long, device=model.device)
        self._history = self._inputs.new_zeros((self._slots, COLUMNS))
        self._keys: list[torch.Tensor] = []
        self._values: list[torch.Tensor] = []

    @property
    def cache_bytes(self) -> int:
        """Bytes of keys and values."""
        return sum(tensor.nbytes for tensor in (*self._keys, *self._values))

    @property
    def buckets(self) -> list[tuple[int, int]]:
        """Slots and columns of the shapes that were met so far."""
        return sorted(self._steps)

    @torch.inference_mode()
    def decode(self, rows: list[Request], more: Callable[[int], list[Request]]) -> None:
        """Decode requests to their ends, and those that join them."""
        sampler = Sampler(rows[0].params)
        logits = self._admit(rows, first_slot=0)
        while rows:
            width = max(len(row.prompt_ids) + len(row.token_ids) for row in rows)
            chosen = choose_tokens(sampler, rows, logits, self._history[: len(rows), : _bucket(width, COLUMNS)])
            # On a GPU this only starts the step. For rows that end now it is wasted, but harmless: they keep their
            # slots until the next line, and the column of an answer's last token is within its limit.
            logits = self._step(rows, chosen.token_ids)
            running = advance(rows, chosen)
            if len(running) < len(rows):
                order = self._close_gaps(running)
                rows, logits = [rows[index] for index in order], logits[order]
            if joining := more(self._max_rows - len(rows)):
                logits = torch.cat([logits, self._admit(joining, first_slot=len(rows))])
                rows = rows + joining

    def _admit(self, rows: list[Request], first_slot: int) -> torch.Tensor:
        """Run prompts through the model into free slots; return the logits ``[B, V]`` of their first tokens."""
        prefilled = prefill(self._model, [row.prompt_ids for row in rows])
        layers: Sequence[Any] = prefilled.cache.layers
        self._reserve(max(row.max_length for row in rows), layers)
        slots = slice(first_slot, first_slot + len(rows))
        ids = prefilled.input_ids
        width = ids.shape[1]
        # This drops the padding on the left and repeats the last column instead; the mask hides those columns
        # until they are written.
        padding = width - prefilled.mask.sum(dim=1, keepdim=True)
        source = (torch.arange(width, device=ids.device) + padding).clamp(max=width - 1)
        for tensors, name in ((self._keys, "keys"), (self._values, "values")):
            for tensor, layer in zip(tensors, layers, strict=True):
                states = getattr(layer, name)
                tensor[slots, :, :width] = states.gather(2, source[:, None, :, None].expand_as(states))
                tensor[slots, :, width:] = 0  # the row before may have left NaN, which no mask hides
        self._history[slots] = ids[:, -1:]
        self._history[slots, :width] = ids.gather(1, source)
        return prefilled.logits

    def _reserve(self, length: int, layers: Sequence[Any]) -> None:
        """Make room for rows of a length, with layers as the model makes them."""
        if not self._keys:
            self._keys = [self._empty(layer.keys) for layer in layers]
            self._values = [self._empty(layer.values) for layer in layers]
        more = _bucket(length, COLUMNS) - self._history.shape[1]
        if more <= 0:
            return
        self._steps.clear()  # they are views of the replaced tensors
        if self._recorder:
            self._recorder.forget()
        for tensors in (self._keys, self._values):
            for index, tensor in enumerate(tensors):
                tensors[index] = torch.nn.functional.pad(tensor, (0, 0, 0, more))
        self._history = torch.cat([self._history, self._history[:, -1:].expand(-1, more)], dim=1)

    def _empty(self, like: torch.Tensor) -> torch.Tensor:
        _, heads, _, size = like.shape
        return like.new_zeros((self._slots, heads, self._history.shape[1], size))

    def _step(self, rows: list[Request], token_ids: list[int]) -> torch.Tensor:
        """Feed each row's next token; return the logits ``[B, V]`` after it, which the next step overwrites."""
        columns = [len(row.prompt_ids) + len(row.token_ids) for row in rows]
        idle = [0] * (self._slots - len(rows))
        self._inputs.copy_(torch.tensor([token_ids + idle, columns + idle]), non_blocking=True)
        bucket = _bucket(len(rows), 1), _bucket(max(columns) + 1, COLUMNS)
        if bucket not in self._steps:
            step = self._build_step(*bucket)
            self._steps[bucket] = self._recorder.record(step) if self._recorder else step
        return self._steps[bucket]()[: len(rows)]

    def _build_step(self, slots: int, columns: int) -> Callable[[], torch.Tensor]:
        tokens, places = self._inputs[:, :slots].unsqueeze(2)
        history = self._history[:slots]
        layers = zip(self._keys, self._values, strict=True)
        cache = Cache(
            layers=[
                _Layer(keys[:slots, :, :columns], values[:slots, :, :columns], places) for keys, values in layers
            ]
        )
        reach = torch.arange(columns, device=places.device)
        visible = torch.zeros((slots, 1, 1, columns), dtype=self._model.dtype, device=places.device)

        def step() -> torch.Tensor:
            history.scatter_(1, places, tokens)
            # A ready mask of four dimensions is used as it is: the library would build one with the host's help.
            mask = visible.masked_fill(reach > places[:, :, None, None], -torch.inf)
            output = self._model(
                input_ids=tokens,
                attention_mask=mask,
                position_ids=places,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            logits: torch.Tensor = output.logits[:, -1]
            return logits

        return step

    def _close_gaps(self, running: list[int]) -> list[int]:
        """Move the last rows into the slots of ended ones; return which row each slot has now."""
        size = len(running)
        gaps = sorted(set(range(size)) - set(running))
        moved = dict(zip(gaps, running[size - len(gaps) :], strict=True))
        if moved:
            target = torch.tensor(list(moved), device=self._inputs.device)
            source = torch.tensor(list(moved.values()), device=self._inputs.device)
            for tensor in (*self._keys, *self._values, self._history):
                tensor[target] = tensor[source]
        return [moved.get(slot, slot) for slot in range(size)]


def _bucket(size: int, smallest: int) -> int:
    """Return the first of ``smallest`` times 1, 2, 4, … that is not below a size."""
    while smallest < size:
        smallest *= 2
    return smallest
