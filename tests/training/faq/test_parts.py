"""Augmented questions stay questions, and a seed fixes them; teachers know their wordings."""

from __future__ import annotations

import dataclasses
import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.faq.augment import augment, split_words
from training.faq.inventor import Inventor
from training.faq.recipe import RECIPE
from training.faq.rows import draw_topics
from training.faq.spelling import letter_grams, spelling_vectors
from training.faq.teacher import LetterTeacher
from training.faq.tokenizer import END_OF_TEXT, train_tokenizer

QUESTION = "How do I send this heavy table back, please?"
WORDINGS = ("refund my money", "money back please", "forgot my password", "cannot log in")
LABELS = (0, 0, 1, 1)


def test_same_seed_gives_the_same_question() -> None:
    """All randomness comes from the generator that is passed in."""
    one, other = (
        [augment(QUESTION, RECIPE, rng) for _ in range(50)] for rng in (random.Random(1), random.Random(1))
    )
    assert one == other
    assert len(set(one)) > 25


def test_no_augmentation_leaves_the_question_alone() -> None:
    """With all shares at zero a question comes back as it is."""
    recipe = dataclasses.replace(RECIPE, noisy_share=0.0, recase_share=0.0, wrap_share=0.0)
    assert augment(QUESTION, recipe, random.Random(0)) == QUESTION


@given(st.text(min_size=1).filter(str.strip), st.integers())
def test_augmented_question_is_never_empty(question: str, seed: int) -> None:
    """Whatever is left out, something remains to be asked."""
    recipe = dataclasses.replace(RECIPE, recase_share=0.0, noisy_share=1.0)
    assert augment(question, recipe, random.Random(seed)).strip()


@given(st.text(), st.floats(0, 1), st.integers())
def test_split_words_join_to_the_text(text: str, probability: float, seed: int) -> None:
    """Cutting a text into pieces loses nothing."""
    assert "".join(split_words(text, probability, random.Random(seed))) == text


def test_invented_questions_use_the_words_of_the_wordings() -> None:
    """An invented question has one word or more, all of them from wordings that are trained on."""
    words = {word for text in WORDINGS for word in text.split()}
    inventor, rng = Inventor(WORDINGS), random.Random(0)
    for _ in range(100):
        assert set(inventor.invent(rng).split()) <= words


def test_teacher_knows_its_wordings() -> None:
    """A clear question gets its topic nearly always, and the same seed draws the same topics."""
    teacher = LetterTeacher(30.0)
    teacher.fit(WORDINGS, LABELS)
    opinions = teacher.probabilities(["my refund money", "password forgot"])
    assert opinions.shape == (2, 2)
    assert opinions.sum(axis=1) == pytest.approx(1)
    assert opinions.argmax(axis=1).tolist() == [0, 1]
    drawn = draw_topics(teacher, ["my refund money"] * 50, 8.0, random.Random(0))
    assert drawn.count(0) > 40
    assert draw_topics(teacher, ["my refund money"] * 50, 8.0, random.Random(0)) == drawn
    assert draw_topics(teacher, [], 8.0, random.Random(0)) == []


def test_tokenizer_decodes_what_it_encodes() -> None:
    """Byte-level BPE keeps any text, and learns the frequent words."""
    tokenizer = train_tokenizer(["refund my refund"] * 5, 300, 64)
    text = "Refund  ünïcode 🙂 , isn't it ?"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert " refund" in [tokenizer.decode([token]) for token in range(len(tokenizer))]
    assert tokenizer.eos_token == tokenizer.pad_token == END_OF_TEXT


def test_tokens_spelled_alike_start_close() -> None:
    """A word in another case starts where the word starts, another word elsewhere."""
    tokenizer = train_tokenizer(["refund REFUND password"] * 5, 400, 64)
    vectors = spelling_vectors(tokenizer, 64, 0.1, torch.Generator().manual_seed(0))
    ids = {tokenizer.decode([token]): token for token in range(len(tokenizer))}
    refund, capitals, password = (vectors[ids[word]] for word in ("refund", " REFUND", " password"))
    assert torch.equal(refund, capitals)
    assert torch.cosine_similarity(refund, password, dim=0) < 0.5
    assert letter_grams(" ") == []
