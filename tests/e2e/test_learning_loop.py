"""The closed loop on the real daemon: from thumbs in Slack to a model that knows better, without a restart."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import log_of, run_command, running, supportbot
from tests.slack_server import LocalSlack
from tests.slack_server.records import Message
from tests.slack_server.state import TEAM
from training.metrics import token_f1
from training.starter.data import load_faq

TOPICS = load_faq().topics

REHEARSED = 16
"""Wordings of each topic that the model knows already, so that the new is not learned at the cost of the old."""

MEASURED = 2
"""Wordings of each topic that no model was trained on, to measure both with."""

ROWS_OF_A_PERSON = 3
"""What the cap on rows of one person always lets through."""

TRAINING = ("--learning-rate", "1.5e-3", "--num-train-epochs", "14", "--doubt-share", "0.4")
"""More than the documented rate and epochs: the base is tiny, and the rows are few. Five draws each of two runs so
gave 7 to 9 of the 9 fresh answers; at 1e-3 and 12 epochs it was 5 to 8."""

CORRECTIONS = {
    "Gift wrapping costs 3 euros per parcel. Tick Add Gift Wrap in the basket, and we use recycled paper, a "
    "cotton ribbon and a card with your message.": (
        "Do you gift wrap?",
        "can you wrap this as a present",
        "I want my order wrapped for a birthday",
        "Is gift wrapping available and what does it cost?",
        "how do i get gift wrap on my parcel",
        "wrap it as a gift pls",
        "Could you put it in wrapping paper with a ribbon?",
        "does gift wrap cost extra",
        "It is a wedding present, can you wrap it nicely?",
        "where do I tick gift wrap",
        "can i add a message card to a present",
        "what paper do you use for gift wrap",
        "present wrapping?",
        "I would like my parcel wrapped as a gift with a ribbon",
        "do u do gift wraping",
        "Please wrap the blanket as a gift for my mum",
        "gift wrap for two parcels",
        "can the order come gift wrapped",
    ),
    "Fabric samples are free. Choose up to five colours on the product page, click Send Samples, and the swatches "
    "arrive by letter within four days.": (
        "Can I get fabric samples?",
        "do you send swatches",
        "how do i order a sample of the sofa fabric",
        "I want to feel the fabric first, do you have samples?",
        "are fabric swatches free",
        "sample of the green colour please",
        "how many colour samples can I have?",
        "Could you post me a few swatches before I decide?",
        "fabric samples?",
        "where can i ask for a swatch",
        "send me samples of the curtain fabric",
        "I need a sample to compare the colour with my wall",
        "how long do swatches take to arrive",
        "can you mail fabric samples to my house",
        "do samples cost anything",
        "i would like five swatches of the velvet fabric",
        "swatches of the blue linen",
        "may I see a sample of the fabric",
    ),
    "Old mattresses are collected for recycling when the new one is delivered. Book Mattress Recycling for 15 "
    "euros at checkout and leave the old one at the door.": (
        "Do you take away my old mattress?",
        "can you collect the old mattress",
        "mattress recycling?",
        "What happens to my old mattress when the new one comes?",
        "how do i book mattress recycling",
        "what does it cost to have the old mattress removed",
        "Will the driver pick up my old mattress?",
        "recycle old mattress",
        "I have an old mattress to get rid of, do you collect it?",
        "do u recycle matresses",
        "Could the courier take the old mattress with him?",
        "old mattress collection price",
        "is mattress removal included",
        "where do I book the collection of my old mattress",
        "take the old mattress away please",
        "i need someone to remove my old mattress",
        "collect my mattress for recycling",
        "my old mattress has to go, who takes it",
    ),
}
"""What people ask that the starter model was never told, and what they say should have been answered."""

FRESH = {
    "how much is gift wrapping": "Gift wrapping",
    "can you wrap my order as a gift?": "Gift wrapping",
    "is there a fee for gift wrap": "Gift wrapping",
    "can i have some fabric samples": "Fabric samples",
    "Do you post swatches of the fabric?": "Fabric samples",
    "sample of the blue fabric please": "Fabric samples",
    "can you pick up the old mattress": "Old mattresses",
    "How do I get my old mattress recycled?": "Old mattresses",
    "old mattress removal cost": "Old mattresses",
}
"""Wordings that nobody has used before, and how the right answer begins."""

CHANNELS = 18

TIMES = 3
"""How often each fresh question is asked afterwards: a sampled answer may go astray, or be held back as unsure."""

LEAST_RIGHT = 1 / 3
"""Share of these answers. None was right before; of nine answers in one draw it was mostly seven to nine, and once
five, since a run of training depends on the machine."""


@pytest.mark.long
async def test_corrections_in_chat_become_a_better_live_model(home: Path, tmp_path: Path) -> None:
    """Thumbs down with corrections are trained on, measured and promoted; the same daemon knows it then."""
    # The model alone, since approved answers would be given without any training.
    # And one person asks more at once, and in a minute, than people do.
    limits = {"SUPPORTBOT_PERSON_AT_ONCE": "0", "SUPPORTBOT_PERSON_A_MINUTE": "0"}
    settings = {"SUPPORTBOT_ANSWER_MODE": "generate_only", **limits}
    async with LocalSlack() as slack, running(home, **slack.environment(), **settings) as daemon:
        await slack.wait_until_connected(seconds=30)
        for question, reply in (await _ask_all(slack, list(FRESH))).items():
            assert token_f1(reply.shown, _right(question)) < 0.6
        await _correct_all(slack)

        known = _write(tmp_path / "known.jsonl", [(w, t.answer) for t in TOPICS for w in t.wordings[:REHEARSED]])
        await _supportbot(home, "import", str(known), "--approve", "--by", "Ana", "--yes")
        await _supportbot(home, "curate", "collect", "--json")
        pending = json.loads(await _supportbot(home, "curate", "list", "--limit", "1000", "--json"))
        corrections = [entry for entry in pending if entry["source"] == "correction"]
        assert len(corrections) == sum(map(len, CORRECTIONS.values()))
        await _supportbot(
            home, "curate", "approve", *[str(entry["example_id"]) for entry in corrections], "--by", "Ana"
        )
        rows = json.loads(await _module(home, "training.finetune", "--from-db", "--dry-run", "--json"))["rows"]
        assert rows["left_out"]["no consent"] == len(corrections)
        await _supportbot(home, "consent", "slack", TEAM, "--allow-training", "--by", "Ana")

        run = str(tmp_path / "run")
        base = ("--from-db", "--base-model", "active", "--output-dir", run)
        await _module(home, "training.finetune", *base, *TRAINING)
        unseen = [(question, _right(question)) for question in FRESH]
        unseen += [(wording, topic.answer) for topic in TOPICS for wording in topic.held_out[:MEASURED]]
        data = str(_write(tmp_path / "unseen.jsonl", unseen))
        evaluation = json.loads(
            await _module(home, "training.evaluate", "--candidate", run, "--data", data, "--json")
        )
        assert evaluation["better"], evaluation["verdict"]
        await _module(home, "training.publish", "--candidate", run, "--version", "wiser")
        await _supportbot(home, "models", "promote", "wiser", "--by", "Ana")
        swap = await daemon.read_until("model.swapped")
        assert (swap["from"], swap["to"]) == ("starter", "wiser")

        said = [
            (question, reply.shown)
            for _ in range(TIMES)
            for question, reply in (await _ask_all(slack, list(FRESH))).items()
        ]
        right = sum(token_f1(shown, _right(question)) >= 0.6 for question, shown in said)
        assert right >= LEAST_RIGHT * len(said), said
        shown = json.loads(await _supportbot(home, "models", "show", "wiser", "--json"))
        await slack.wait_for_acks()
        entries = await log_of(home)
    assert [entry["model_version"] for entry in entries[-len(said) :]] == ["wiser"] * len(said)
    assert {entry["state"] for entry in entries} == {"delivered"}
    assert set(_trained_on(shown)) >= {entry["example_id"] for entry in corrections if entry["split"] == "train"}


async def _ask_all(slack: LocalSlack, questions: list[str]) -> dict[str, Message]:
    # In many channels, because Slack takes one message a second in each.
    asked = {
        question: await slack.mention(f"C{number % CHANNELS}", "U1", question)
        for number, question in enumerate(questions)
    }
    return {
        question: await slack.wait_for_message(thread_ts=envelope.ts, seconds=60)
        for question, envelope in asked.items()
    }


async def _correct_all(slack: LocalSlack) -> None:
    """Give every answer a thumb down and say what it should have been; one person does so for three answers."""
    pairs = [(question, answer) for answer, questions in CORRECTIONS.items() for question in questions]
    replies = await _ask_all(slack, [question for question, _ in pairs])
    for number, (question, answer) in enumerate(pairs):
        user = f"UVOTER{number // ROWS_OF_A_PERSON}"
        await slack.click(replies[question], user, positive=False)
        modal = await slack.wait_for_modal(user, count=number % ROWS_OF_A_PERSON + 1, seconds=30)
        await slack.submit(modal, choose="It's wrong", write=answer)
    await slack.wait_for_acks(seconds=30)


def _write(path: Path, pairs: Iterable[tuple[str, str]]) -> Path:
    rows = [{"question": question, "answer": answer} for question, answer in pairs]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def _right(question: str) -> str:
    return next(answer for answer in CORRECTIONS if answer.startswith(FRESH[question]))


def _trained_on(shown: dict[str, Any]) -> list[int]:
    return list(shown["training"]["example_ids"])


async def _supportbot(home: Path, *arguments: str) -> str:
    status, output, errors = await supportbot(home, *arguments)
    assert status == 0, errors
    return output


async def _module(home: Path, module: str, *arguments: str) -> str:
    status, output, errors = await run_command(home, module, *arguments)
    assert status == 0, errors
    return output
