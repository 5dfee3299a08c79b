"""Rows become classes, and answers that the model could not say to their end are taken out."""

from __future__ import annotations

import dataclasses

from supportbot.intake.normalise import normalise_question
from training.faq.fitting import fit
from training.faq.material import Topic, group
from training.faq.recipe import RECIPE, recipe_for
from training.starter.data import load_faq

ROWS = [
    ("Where is it?", "On its way."),
    ("Can I pay later?", "Yes, in 30 days."),
    ("Is it sent?", "On  its way.\n"),
    ("Where is it?", "On its way."),
]


def test_rows_of_an_answer_are_one_topic() -> None:
    """White space in an answer and a question that comes twice make no other topic and no second wording."""
    material = group(ROWS, ())
    assert material.topics == (
        Topic("On its way.", ("Where is it?", "Is it sent?")),
        Topic("Yes, in 30 days.", ("Can I pay later?",)),
    )
    assert material.pairs() == [("Where is it?", 0), ("Is it sent?", 0), ("Can I pay later?", 1)]


def test_foreign_question_with_an_answer_is_not_foreign() -> None:
    """What an operator answers is no example of what nobody can know, however it is written."""
    assert group(ROWS, ["is it SENT", "Will it rain?"]).foreign == ("Will it rain?",)


def test_answer_that_would_be_cut_off_is_taken_out() -> None:
    """It is named, the others stay, and the tokenizer is learned from the others alone."""
    numbers = " ".join(str(number * number) for number in range(200, 500))
    fitted = fit(group([*ROWS, ("What are the squares?", f"They are {numbers}.")], ()), RECIPE)
    assert [topic.answer for topic in fitted.material.topics] == ["On its way.", "Yes, in 30 days."]
    assert [topic.wordings for topic in fitted.too_long] == [("What are the squares?",)]
    assert "squares" not in str(fitted.tokenizer.get_vocab())


def test_nothing_remains_if_all_is_too_long() -> None:
    """Without any topic there is nothing to learn, and no error either."""
    numbers = " ".join(str(number * number) for number in range(200, 500))
    assert fit(group([("What?", numbers)], ()), RECIPE).material.topics == ()


def test_starter_is_one_use_of_the_recipe() -> None:
    """Its topics fit, in their order, and other material of that size differs in nothing but the steps."""
    faq = load_faq()
    material = faq.material()
    assert [topic.wordings for topic in material.topics] == [topic.wordings for topic in faq.topics]
    assert fit(material, RECIPE).too_long == ()
    assert dataclasses.replace(recipe_for(material, RECIPE.seed), steps=RECIPE.steps) == RECIPE


def test_plain_question_is_trained_on_as_it_is() -> None:
    """Normalising, which serving does too, leaves a question alone that needs none."""
    questions = [text for topic in load_faq().topics for text in topic.held_out if text[:1].islower()]
    changed = [text for text in questions if normalise_question(text) != text]
    assert len(changed) < len(questions) / 20
    assert normalise_question("Where\u00a0is\nmy order?") == "Where is my order?"
