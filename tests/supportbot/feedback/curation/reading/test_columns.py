"""Which column is what, and what a row makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supportbot.engine.prompt import prompt_text
from supportbot.feedback.curation.reading import Row, read_table
from supportbot.feedback.curation.reading.columns import understand
from tests.supportbot.feedback.curation.reading.files_of import pairs_of, refusal_of, rows_of, skipped_of


def write(path: Path, *rows: object) -> Path:
    """Write values, one a line."""
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return path


@pytest.mark.parametrize(
    ("names", "question", "answer"),
    [
        ("Question, ANSWER", "Question", "ANSWER"),
        ("prompt, completion, conversation", "prompt", "completion"),
        ("prompt, chosen, rejected", "prompt", "chosen"),
        ("id, title, body", "title", "body"),
        ("Q, A", "Q", "A"),
        ("input, output", "input", "output"),
        ("title, question, body, answer", "question", "answer"),
        ("question 1, question 2, answer", "question 1", "answer"),
    ],
)
def test_usual_names_are_known(names: str, question: str, answer: str) -> None:
    """The names that people and programs use need no option, in any case."""
    columns = understand(tuple(names.split(", ")), ())
    assert columns is not None
    assert (columns.questions[0], columns.answer) == (question, answer)


@pytest.mark.parametrize(
    "name",
    [
        "question 2",
        "question_2",
        "Question2",
        "wording",
        "Wordings",
        "variant 1",
        "Alternative question",
        "alternative_wording 3",
        "question variants",
    ],
)
def test_wordings_are_known(name: str) -> None:
    """Columns with other wordings of the question are recognised, whatever their number is written like."""
    columns = understand(("id", "question", name, "answer"), ())
    assert columns is not None
    assert columns.questions == ("question", name)


@pytest.mark.parametrize("name", ["question id", "alternative answer", "variants sold", "questioner"])
def test_other_columns_are_no_wordings(name: str) -> None:
    """A column that only sounds like it is left alone."""
    columns = understand(("question", name, "answer"), ())
    assert columns is not None
    assert columns.questions == ("question",)


def test_chosen_columns(tmp_path: Path) -> None:
    """What the operator says goes before what is recognised, in any case, several wordings divided by a bar."""
    path = tmp_path / "faq.csv"
    path.write_text("Frage,Variante,Antwort,answer\nWie?,Wie denn?,So.,nicht\n,Warum?,Darum.,nicht\n", "utf-8")
    table = read_table(path, columns={"question": "frage|Variante", "answer": "ANTWORT"})
    assert table.columns == {"question": "Frage", "answer": "Antwort", "wordings": "Variante"}
    assert list(table.rows()) == [
        Row(line=2, question="Wie?", answer="So.", wordings=("Wie denn?",)),
        Row(line=3, question="Warum?", answer="Darum."),
    ]
    assert rows_of(path, {"question": "Frage", "wordings": "Variante"})[0].wordings == ("Wie denn?",)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            {"question": "Frag"},
            "'faq.csv' has no column 'Frag': choose one of its columns with --columns (Fr",
        ),
        (
            {"frage": "Frage"},
            "There is no field 'frage': choose a column for question, answer, rejected, ",
        ),
        ({"question": "Frage|"}, "'question' has a column without a name: write --columns question=NAME."),
        ({"question": "Frage"}, "has no columns with the names question and answer"),
    ],
)
def test_a_wrong_choice_is_a_sentence(tmp_path: Path, columns: dict[str, str], sentence: str) -> None:
    """A column that is not there is named, with those that are."""
    path = tmp_path / "faq.csv"
    path.write_text("Frage,Antwort\nWie?,So.\n", "utf-8")
    assert sentence in refusal_of(path, columns)


def test_wordings_are_there_once(tmp_path: Path) -> None:
    """A wording that is the question again, or empty, is none."""
    path = write(
        tmp_path / "faq.jsonl", {"question": ["a", " ", "b", "a "], "wordings": ["b", "c"], "answer": "d"}
    )
    assert rows_of(path) == [Row(line=1, question="a", answer="d", wordings=("b", "c"))]


def test_training_files(tmp_path: Path) -> None:
    """What is exported for training is imported again as it was, the instruction of the prompt taken off."""
    path = write(
        tmp_path / "faq.jsonl",
        {"prompt": prompt_text("How?"), "chosen": "So.", "rejected": "No.", "conversation": "c"},
        {"prompt": "How?", "completion": "So.", "label": False},
        {"prompt": "How?", "completion": "So.", "label": "bad", "conversation": 7},
        {"prompt": "How?", "completion": "So.", "label": True, "rejected": None, "conversation": None},
        {"prompt": prompt_text(""), "completion": "So."},
        {"prompt": prompt_text("<p>How?</p>"), "completion": "So."},
    )
    assert rows_of(path) == [
        Row(line=1, question="How?", answer="So.", rejected="No.", conversation="c"),
        Row(line=2, question="How?", answer="So.", label_good=False),
        Row(line=3, question="How?", answer="So.", label_good=False, conversation="7"),
        Row(line=4, question="How?", answer="So."),
        Row(line=6, question="How?", answer="So."),
    ]
    assert [row.reason for row in skipped_of(path)] == ["has no question"]


def test_an_input_goes_with_its_instruction(tmp_path: Path) -> None:
    """What an instruction is about belongs to the question."""
    path = write(
        tmp_path / "faq.jsonl",
        {"instruction": "Translate:", "input": "Haus", "output": "house"},
        {"instruction": "Say hi.", "input": "", "output": "hi"},
    )
    assert read_table(path).columns["question"] == "instruction + input"
    assert pairs_of(path) == [("Translate:\nHaus", "house"), ("Say hi.", "hi")]


def test_the_last_answer_of_a_dialogue_counts(tmp_path: Path) -> None:
    """A row of a dialogue is its last answer with the question before it; contents may come in parts."""
    path = write(
        tmp_path / "faq.jsonl",
        {
            "messages": [
                {"role": "system", "content": "Be nice."},
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b"},
                {"role": "user", "content": [{"type": "text", "text": "c"}]},
                {"role": "assistant", "content": "d"},
                {"role": "user", "content": "thanks"},
            ]
        },
        {"messages": [{"role": "user", "content": "a"}]},
        {"messages": "a"},
    )
    assert pairs_of(path) == [("c", "d")]
    assert len(skipped_of(path)) == 2


def test_texts_can_be_stored(tmp_path: Path) -> None:
    """NUL and half characters, which JSON may spell out, are replaced."""
    path = tmp_path / "faq.jsonl"
    path.write_text(r'{"question": "a\u0000", "answer": "\ud83d b \ud83d\ude00"}', "utf-8")
    assert pairs_of(path) == [("a\ufffd", "\ufffd b \N{GRINNING FACE}")]


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    """A line may lack a name altogether, and the reason is still the right one."""
    row = {"question": "a", "answer": "b"}
    path = write(tmp_path / "faq.jsonl", row, {"question": "a"}, {"answer": "b"}, {})
    reasons = ["has no answer", "has no question", "has no question and no answer"]
    assert [skipped.reason for skipped in skipped_of(path)] == reasons


def test_values_that_are_no_text(tmp_path: Path) -> None:
    """Numbers are text, other values are none; a conversation has to have a name."""
    path = write(tmp_path / "faq.jsonl", {"question": 7.0, "answer": 7.5}, {"question": True, "answer": {"a": 1}})
    assert pairs_of(path) == [("7", "7.5")]
    write(path, {"question": "a", "answer": "b", "conversation": []})
    assert "line 1 has a conversation that is not text" in refusal_of(path)
