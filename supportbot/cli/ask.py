"""``supportbot ask``: answers a question from the terminal in this process."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from supportbot.cli._terminal import JsonFlag, err, out, print_json, start
from supportbot.errors import SupportBotError
from supportbot.intake.questions import IncomingQuestion
from supportbot.printable import printable

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.delivery.claiming import Delivery
    from supportbot.intake.history import Exchange


def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")], as_json: JsonFlag = False
) -> None:
    """Ask the bot in the terminal; the question and its answer go into the log."""
    settings = start()
    exchange = asyncio.run(_ask(settings, question))
    if as_json:
        print_json(
            {
                "question_id": exchange.question_id,
                "answer": exchange.answer,
                "source": exchange.source,
                "model_version": exchange.model_version,
                "entry_ids": [one.entry_id for one in exchange.grounds.verified],
                "similarity": exchange.grounds.verified[0].similarity if exchange.grounds.verified else None,
                "quoted": asdict(exchange.grounds.quoted) if exchange.grounds.quoted else None,
                "suggestions": [one.question for one in exchange.grounds.suggestions],
                "confidence": exchange.confidence,
                "latency_ms": exchange.latency_ms,
                "prompt_tokens": exchange.prompt_tokens,
                "answer_tokens": exchange.answer_tokens,
            }
        )
        return
    from supportbot.cli._markdown import print_answer  # late: `--help` answers at once

    print_answer(out, exchange.answer or "")
    for suggestion in exchange.grounds.suggestions:
        out.print(Text(f"  · {printable(suggestion.question)}"))
    details = [f"question {exchange.question_id}", _source(exchange)]
    if exchange.model_version:
        details += [f"model {exchange.model_version}", f"{exchange.latency_ms} ms"]
    if exchange.confidence is not None:
        details.append(f"confidence {exchange.confidence:.2f}")
    err.print(Text(" · ".join(details), style="dim"))


def _source(exchange: Exchange) -> str:
    """Say where an answer comes from."""
    if (quoted := exchange.grounds.quoted) is not None:
        ending = "" if quoted.is_whole else ", where it continues"
        return f"from {printable(quoted.document)}, not verified: {printable(quoted.heading)}{ending}"
    approved = [one for one in exchange.grounds.verified if one.approved_by]
    if not approved:
        return str(exchange.source)
    people = ", ".join(dict.fromkeys(printable(one.approved_by) for one in approved))
    return f"verified by {people}, {approved[0].approved_at.astimezone():%d %b %Y}"


class _TerminalSender:
    """Delivers to the terminal: the command prints the answer itself, so there is nothing left to do."""

    platform = "cli"
    pause = 0.0

    async def send(self, delivery: Delivery) -> str:
        return f"cli:{delivery.question_id}"


async def _ask(settings: Settings, question: str) -> Exchange:
    from supportbot.bootstrap import open_core
    from supportbot.db.audit import current_user

    async with open_core(settings, platforms={"cli"}, daemon=False) as core:
        user = current_user()
        accepted = await core.service.ask(
            IncomingQuestion(
                platform="cli",
                workspace="local",
                channel="terminal",
                thread=user,
                identity=uuid.uuid4().hex,
                asker=f"cli:{user}",
                text=question,
                reply_to={},
            )
        )
        while (exchange := await core.service.exchange(accepted.question_id)) and exchange.answer is None:
            await core.worker.answer_one(accepted.question_id)
        await core.add_sender(_TerminalSender()).deliver_due()
    if exchange is None:
        raise SupportBotError("The question was erased from the log while it was being answered: ask it again.")
    return exchange
