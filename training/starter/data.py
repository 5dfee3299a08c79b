"""The texts that the starter model learns: topics with one answer each and many wordings of the question.

The files are read, checked, and turned into frozen objects. A mistake in them is reported with its place and the
remedy, because people edit them. The digest covers their content, not their bytes: a comment or another order of
keys trains the same model.

This module knows no tokens and no model.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from supportbot.errors import ConfigError
from training.faq import material

FAQ_FILE = Path(__file__).with_name("faq.yaml")
MORE_FILE = Path(__file__).with_name("more_wordings.yaml")
OUT_OF_SCOPE_FILE = Path(__file__).with_name("out_of_scope.yaml")
FOREIGN_FILE = Path(__file__).with_name("out_of_scope_wordings.yaml")

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C loader takes a twentieth of the time; it is missing if PyYAML was built without libyaml."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One answer and its wordings.

    Attributes:
        id: short name, unique.
        answer: the bot's text.
        wordings: questions for training, those of ``more_wordings.yaml`` last.
        held_out: questions only for measuring.
    """

    id: str
    answer: str
    wordings: tuple[str, ...]
    held_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Faq:
    """All topics, and questions that none of them answers.

    Attributes:
        topics: in the order of the file.
        out_of_scope: questions only for measuring.
        foreign: other questions without an answer, which teach the model to be unsure.
    """

    topics: tuple[Topic, ...]
    out_of_scope: tuple[str, ...]
    foreign: tuple[str, ...]

    def digest(self) -> str:
        """Return the sha256 of the canonical JSON of all the texts."""
        content = {
            "topics": [[topic.id, topic.answer, topic.wordings, topic.held_out] for topic in self.topics],
            "out_of_scope": self.out_of_scope,
            "foreign": self.foreign,
        }
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def material(self) -> material.Material:
        """Return the training material, without held-out wordings and out-of-scope questions."""
        topics = tuple(material.Topic(topic.answer, topic.wordings) for topic in self.topics)
        return material.Material(topics, self.foreign)


def load_faq(
    faq_file: Path = FAQ_FILE,
    more_file: Path = MORE_FILE,
    out_of_scope_file: Path = OUT_OF_SCOPE_FILE,
    foreign_file: Path = FOREIGN_FILE,
) -> Faq:
    """Read and check the four files.

    Different people wrote the two out-of-scope files and sometimes had the same idea. Questions for measuring are
    left out of the training, so that no figure rests on a question that the model has seen.

    Raises:
        ConfigError: a file cannot be read, lacks something, or has a question twice; the sentence says where.
    """
    entries = _read(faq_file).get("topics")
    if not isinstance(entries, list) or len(entries) < 2:
        raise ConfigError(f"'{faq_file}' must have at least two entries under `topics:`.")
    topics = tuple(_topic(faq_file, number, entry) for number, entry in enumerate(entries, start=1))
    questions = _texts(out_of_scope_file, _read(out_of_scope_file), "questions")
    for what, names in (("id", [topic.id for topic in topics]), ("answer", [topic.answer for topic in topics])):
        _refuse_repeats(faq_file, what, names)
    more = _more(more_file, {topic.id for topic in topics})
    topics = tuple(replace(topic, wordings=topic.wordings + more.get(topic.id, ())) for topic in topics)
    asked = [text for topic in topics for text in (*topic.wordings, *topic.held_out)]
    _refuse_repeats(faq_file, "question", [*asked, *questions])
    measured = {_plain(text) for text in (*questions, *asked)}
    foreign = _texts(foreign_file, _read(foreign_file), "wordings")
    return Faq(topics, questions, tuple(text for text in foreign if _plain(text) not in measured))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text("utf-8"), Loader=_LOADER)  # noqa: S506 - both loaders are safe ones
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"'{path}' cannot be read as UTF-8 text: {error}.") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"'{path}' is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"'{path}' must be a YAML mapping.")
    return content


def _topic(path: Path, number: int, entry: object) -> Topic:
    if not isinstance(entry, dict):
        raise ConfigError(f"Topic {number} of '{path}' must be a mapping with id, answer, wordings and held_out.")
    if unknown := sorted(set(entry) - {"id", "answer", "wordings", "held_out"}):
        raise ConfigError(f"Topic {number} of '{path}' has the unknown key '{unknown[0]}'.")
    for key in ("id", "answer"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise ConfigError(f"Topic {number} of '{path}' needs a text under `{key}:`.")
    return Topic(
        entry["id"].strip(),
        entry["answer"].strip(),
        _texts(path, entry, "wordings"),
        _texts(path, entry, "held_out"),
    )


def _more(path: Path, topics: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return further wordings by topic."""
    entries = _read(path).get("topics")
    if not isinstance(entries, list):
        raise ConfigError(f"'{path}' must have a list under `topics:`, which may be empty ([]).")
    more: dict[str, tuple[str, ...]] = {}
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict) or set(entry) != {"id", "wordings"}:
            raise ConfigError(f"Topic {number} of '{path}' must be a mapping with id and wordings.")
        if entry["id"] not in topics:
            raise ConfigError(f"Topic {number} of '{path}' has the id '{entry['id']}', which no FAQ has.")
        more[entry["id"]] = more.get(entry["id"], ()) + _texts(path, entry, "wordings")
    return more


def _texts(path: Path, entry: dict[str, Any], key: str) -> tuple[str, ...]:
    where = f"'{path}', topic '{entry['id']}'" if "id" in entry else f"'{path}'"
    texts = entry.get(key)
    if not isinstance(texts, list) or not texts:
        raise ConfigError(f"{where}: `{key}:` must be a list of questions.")
    for number, text in enumerate(texts, start=1):
        # YAML reads `- no` as false and `- help: now` as a mapping; quotes make them text.
        if not isinstance(text, str) or not text.strip():
            raise ConfigError(f"{where}: entry {number} of `{key}:` is not a text; put it in quotes.")
    return tuple(text.strip() for text in texts)


def _refuse_repeats(path: Path, what: str, texts: list[str]) -> None:
    """A question for both training and measuring would make the figures better than the model."""
    text, count = Counter(map(_plain, texts)).most_common(1)[0]
    if count > 1:
        raise ConfigError(f"'{path}': the {what} '{text}' occurs {count} times, case and punctuation aside.")


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
