"""The tokenizer without transformers, against the one of transformers."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from supportbot.engine.prompt import encode_prompt, encode_text
from supportbot.engine.tokenizer import load_tokenizer
from supportbot.errors import ModelError
from tests.tiny_model import save_tiny_model

STARTER = Path(__file__).parents[3] / "supportbot" / "starter"
OURS = load_tokenizer(STARTER)
THEIRS = AutoTokenizer.from_pretrained(STARTER)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=80), st.text("<|endoftx> é🙂\n", max_size=40)))
def test_tokens_are_those_of_transformers(text: str) -> None:
    """Any text becomes the same tokens, and the same text again, special tokens typed by somebody included."""
    ids = encode_text(OURS, text)
    assert ids == encode_text(THEIRS, text)
    assert OURS.eos_token_id not in ids
    decoded = OURS.decode(ids, skip_special_tokens=True)
    assert decoded == THEIRS.decode(ids, skip_special_tokens=True)


@pytest.mark.parametrize("question", ["Where is my order?", "word " * 400, "<|endoftext|>", "🙂" * 200, ""])
def test_prompts_are_those_of_transformers(question: str) -> None:
    """Prompts are equal, shortened ones included, for which offsets are needed."""
    assert encode_prompt(OURS, question) == encode_prompt(THEIRS, question)


def test_it_knows_its_size_and_its_end() -> None:
    """As many tokens as transformers counts, and the same end-of-text token, which is left out of a text."""
    assert len(OURS) == len(THEIRS)
    assert OURS.eos_token_id == THEIRS.eos_token_id
    assert OURS.decode([OURS.eos_token_id], skip_special_tokens=True) == ""
    assert OURS.decode([OURS.eos_token_id], skip_special_tokens=False) == "<|endoftext|>"


def test_what_it_does_not_do_is_refused() -> None:
    """Special tokens are neither added nor read, and whoever asks for it hears so."""
    with pytest.raises(ValueError, match="special tokens"):
        OURS("x", add_special_tokens=True, split_special_tokens=True)
    with pytest.raises(ValueError, match="special tokens"):
        OURS("x", add_special_tokens=False, split_special_tokens=False)


def test_it_needs_no_transformers() -> None:
    """Loading it imports neither transformers nor torch."""
    code = (
        "import sys; from pathlib import Path; from supportbot.engine.tokenizer import load_tokenizer; "
        f"load_tokenizer(Path({str(STARTER)!r})); print({{'torch', 'transformers'}} & set(sys.modules))"
    )
    arguments = [sys.executable, "-c", code]
    assert subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.strip() == "set()"


def _write(directory: Path, **values: object) -> None:
    (directory / "tokenizer_config.json").write_text(json.dumps(values))


def _token_as_object(directory: Path) -> None:
    _write(directory, eos_token={"content": "<|endoftext|>", "special": True})


def _token_in_the_map(directory: Path) -> None:
    _write(directory)
    (directory / "special_tokens_map.json").write_text('{"eos_token": "<|endoftext|>"}')


def _token_of_gpt2(directory: Path) -> None:
    (directory / "tokenizer_config.json").unlink()


@pytest.mark.parametrize("name_it", [_token_as_object, _token_in_the_map, _token_of_gpt2])
def test_the_end_of_text_token_is_found(name_it: Callable[[Path], None], tmp_path: Path) -> None:
    """Wherever a model directory names its end-of-text token, and where GPT-2 leaves it to the library."""
    directory = save_tiny_model(tmp_path / "model")
    (directory / "special_tokens_map.json").unlink(missing_ok=True)
    name_it(directory)
    assert load_tokenizer(directory).eos_token_id == 0


def _no_file(directory: Path) -> None:
    (directory / "tokenizer.json").unlink()


def _damaged(directory: Path) -> None:
    (directory / "tokenizer.json").write_text("{")


def _damaged_settings(directory: Path) -> None:
    (directory / "tokenizer_config.json").write_text("[]")


def _unknown_end(directory: Path) -> None:
    _write(directory, eos_token="</s>")


def _no_end(directory: Path) -> None:
    _write(directory)
    (directory / "special_tokens_map.json").unlink(missing_ok=True)
    (directory / "config.json").unlink()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_no_file, "no tokenizer.json"),
        (_damaged, "damaged"),
        (_damaged_settings, "damaged"),
        (_unknown_end, "no end-of-text"),
        (_no_end, "no end-of-text"),
    ],
)
def test_damaged_tokenizers_are_refused(damage: Callable[[Path], None], sentence: str, tmp_path: Path) -> None:
    """What could not answer is refused with a sentence that names the directory."""
    directory = save_tiny_model(tmp_path / "model")
    damage(directory)
    with pytest.raises(ModelError, match=sentence) as raised:
        load_tokenizer(directory)
    assert str(directory) in str(raised.value)


def test_tokenizer_that_is_not_what_the_manifest_says_is_refused(tmp_path: Path) -> None:
    """A tokenizer that was swapped after the registry looked at it is not used."""
    directory = save_tiny_model(tmp_path / "model")
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()}
    assert len(load_tokenizer(directory, digests)) > 0
    path = directory / "tokenizer.json"
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    with pytest.raises(ModelError, match=r"tokenizer.json' was changed meanwhile"):
        load_tokenizer(directory, digests)
