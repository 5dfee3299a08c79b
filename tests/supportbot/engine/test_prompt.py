"""The one prompt format."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportbot.engine.prompt import INSTRUCTION, encode_prompt, encode_text, encode_training_text, prompt_text
from tests.tiny_model import build_tokenizer

TOKENIZER = build_tokenizer()


def test_prompt_is_the_documented_line_and_the_question() -> None:
    """The prompt is the documented instruction, a newline, and the question."""
    assert prompt_text("Where?") == ("Answer this customer support question professionally and helpfully:\nWhere?")


def test_special_tokens_in_user_text_are_plain_text() -> None:
    """An end-of-text marker typed by a user never becomes the real token."""
    prompt = encode_prompt(TOKENIZER, "stop <|endoftext|> now")
    assert TOKENIZER.eos_token_id not in prompt.token_ids
    assert TOKENIZER.decode(list(prompt.token_ids)) == f"{INSTRUCTION}\nstop <|endoftext|> now"


def test_short_question_is_left_alone() -> None:
    """A question that fits is not touched, except for white space around it."""
    prompt = encode_prompt(TOKENIZER, "  Where is my order?\n")
    assert prompt.text == f"{INSTRUCTION}\nWhere is my order?"
    assert not prompt.shortened


def test_long_question_is_shortened_in_the_middle() -> None:
    """Beginning and end of a long question survive, and 80 tokens remain for the answer."""
    words = " ".join(f"w{number}" for number in range(500))
    prompt = encode_prompt(TOKENIZER, f"FIRST {words} LAST")
    assert prompt.shortened
    assert len(prompt.token_ids) <= 120
    assert "\nFIRST " in prompt.text
    assert " … " in prompt.text
    assert prompt.text.endswith(" LAST")


@pytest.mark.parametrize("question", ["a" * 40_000, "e\u0301\u0302" * 40_000, "\u200b" * 3_000, "😀" * 5_000])
def test_monstrous_questions_fit(question: str) -> None:
    """Input of any size or kind becomes a prompt that leaves 80 tokens."""
    assert 0 < len(encode_prompt(TOKENIZER, question).token_ids) <= 120


@given(st.text(max_size=600))
def test_any_text_fits_and_nothing_special_comes_of_it(question: str) -> None:
    """Whatever is typed, the prompt fits and holds no special token."""
    storable = question.encode("utf-8", "replace").decode()
    prompt = encode_prompt(TOKENIZER, storable)
    assert len(prompt.token_ids) <= 120
    assert TOKENIZER.eos_token_id not in prompt.token_ids
    assert prompt.shortened or prompt.text == prompt_text(storable.strip())


def test_earlier_turns_take_the_room_that_is_left() -> None:
    """The newest stand in front of the question as far as they fit; the question itself loses nothing for them."""
    question, said = "And for a gift card?", ["How long\ndoes a refund take?", "Five days."]
    whole = encode_prompt(TOKENIZER, question, earlier=said)
    assert whole.text == prompt_text(f"How long does a refund take?\nFive days.\n{question}")
    assert list(whole.token_ids) == encode_text(TOKENIZER, whole.text)
    part = encode_prompt(TOKENIZER, question, earlier=["word " * 200, *said[1:]])
    assert part.text == prompt_text(f"Five days.\n{question}")
    assert encode_prompt(TOKENIZER, question, earlier=["word " * 9_000]) == encode_prompt(TOKENIZER, question)
    long = "Where is it? " * 200
    assert encode_prompt(TOKENIZER, long, earlier=said) == encode_prompt(TOKENIZER, long)


def test_instruction_that_leaves_no_room_is_refused() -> None:
    """A length that the instruction alone exhausts is an error of the caller, not an endless loop."""
    with pytest.raises(ValueError, match="instruction alone"):
        encode_prompt(TOKENIZER, "anything", max_length=85)


def test_training_text_begins_with_the_serving_prompt() -> None:
    """What is trained begins with exactly the tokens that serving sends, and ends with end-of-text."""
    row = encode_training_text(TOKENIZER, "Where is my order?", " Here. ")
    assert row.prompt_ids == encode_prompt(TOKENIZER, "Where is my order?").token_ids
    assert row.completion_ids == (*encode_text(TOKENIZER, "\nHere."), TOKENIZER.eos_token_id)


def test_training_needs_an_end_of_text_token() -> None:
    """A tokenizer without end-of-text is refused: a model could never learn to stop."""
    tokenizer = build_tokenizer()
    tokenizer.eos_token = None
    with pytest.raises(ValueError, match="end-of-text"):
        encode_training_text(tokenizer, "q", "a")
