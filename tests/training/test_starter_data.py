"""The texts of the starter model are checked, and mistakes in them are reported so that a person can fix them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml

from supportbot.errors import ConfigError
from training.starter.data import FAQ_FILE, Faq, load_faq

TOPICS = """
topics:
  - id: a
    answer: Yes, we do.
    wordings: ["one?", "two?"]
    held_out: ["three?"]
  - id: b
    answer: No, never.
    wordings: ["four?"]
    held_out: ["five?"]
"""
MORE = """
topics:
  - id: b
    wordings: ["eight?"]
"""


def load(folder: Path, topics: str = TOPICS, more: str = MORE) -> Faq:
    """Load a small FAQ whose out-of-scope and foreign questions are fixed."""
    files = {"t": topics, "m": more, "q": "questions: ['six?']", "f": "wordings: ['seven?', SIX, Five]"}
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return load_faq(*(folder / name for name in files))


def test_topics_are_read(tmp_path: Path) -> None:
    """A topic keeps its answer, its wordings and what is held out apart."""
    topic = load(tmp_path).topics[0]
    assert (topic.id, topic.answer) == ("a", "Yes, we do.")
    assert (topic.wordings, topic.held_out) == (("one?", "two?"), ("three?",))


def test_further_wordings_are_trained_on(tmp_path: Path) -> None:
    """They come after the FAQ's own; there may be none of them."""
    assert load(tmp_path).topics[1].wordings == ("four?", "eight?")
    assert load(tmp_path, more="topics: []").topics[1].wordings == ("four?",)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("topics:", "topic:", "must have a list under `topics:`"),
        ("id: b", "id: c", "has the id 'c', which no FAQ has"),
        ("wordings:", "held_out:", "Topic 1 of .* must be a mapping with id and wordings"),
        ("eight?", "Three", "the question 'three' occurs 2 times"),
    ],
)
def test_mistakes_in_further_wordings_are_named(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    """What is held out is not trained on by way of the other file either."""
    with pytest.raises(ConfigError, match=sentence):
        load(tmp_path, more=MORE.replace(old, new))


def test_a_quarter_of_the_faq_is_held_out() -> None:
    """Each topic has at least 32 wordings in the FAQ, of which a quarter is only measured with."""
    for topic in yaml.safe_load(FAQ_FILE.read_text("utf-8"))["topics"]:
        count = len(topic["wordings"]) + len(topic["held_out"])
        assert count >= 32
        assert len(topic["held_out"]) == pytest.approx(count / 4, abs=0.5)


def test_measured_questions_are_never_trained_on(tmp_path: Path) -> None:
    """A foreign question that is also measured with, in whatever case, is left out of the training."""
    assert load(tmp_path).foreign == ("seven?",)


def test_shipped_files_are_whole() -> None:
    """The files that ship can be read, and nothing that is measured with is trained on."""
    faq = load_faq()
    assert len(faq.topics) == 24
    assert len(faq.out_of_scope) == 100
    assert not set(faq.out_of_scope) & set(faq.foreign)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('["one?", "two?"]', "[yes]", "topic 'a': entry 1 of `wordings:` is not a text; put it in quotes"),
        ('["three?"]', "[]", "topic 'a': `held_out:` must be a list of questions"),
        ("answer: No, never.", "answer: ''", "Topic 2 of .* needs a text under `answer:`"),
        ("id: b", "id: a", "the id 'a' occurs 2 times"),
        ("five?", "Two", "the question 'two' occurs 2 times"),
        ("five?", "six!", "the question 'six' occurs 2 times"),
        ('held_out: ["five?"]', 'heldout: ["five?"]', "Topic 2 of .* has the unknown key 'heldout'"),
        ("topics:", "topic:", "at least two entries under `topics:`"),
        ("topics:", "- topics:", "is not valid YAML|must be a YAML mapping"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    """A mistake in the file is reported with its place."""
    with pytest.raises(ConfigError, match=sentence):
        load(tmp_path, TOPICS.replace(old, new))


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file that cannot be read is reported by its path."""
    with pytest.raises(ConfigError, match="nowhere"):
        load_faq(tmp_path / "nowhere")


def test_digest_follows_the_texts(tmp_path: Path) -> None:
    """A comment leaves the digest alone, a changed answer does not."""
    faq = load(tmp_path)
    assert load(tmp_path, "# note\n" + TOPICS).digest() == faq.digest()
    topic = dataclasses.replace(faq.topics[0], answer="Maybe.")
    assert dataclasses.replace(faq, topics=(topic, faq.topics[1])).digest() != faq.digest()
