"""One question through the real daemon: its trace at a local collector, and its number in the log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from supportbot.engine.prompt import MAX_LENGTH
from tests.discord_server import DiscordServer
from tests.e2e.daemon import log_of, running, start
from tests.otlp_server import LocalCollector, Told
from tests.slack_server import LocalSlack
from tests.slack_server.faults import ApiError, HttpAnswer

QUESTION = "How do I return an item?"
STARTER = {"SUPPORTBOT_MODEL": "starter"}


def _tree(spans: list[Told]) -> Mapping[str, list[str]]:
    """Return the names of the spans below each, by its name, in the order in which they began."""
    names = {span.span_id: span.name for span in spans}
    below: dict[str, list[str]] = {}
    for span in sorted(spans, key=lambda span: span.began):
        below.setdefault(names.get(span.parent_id, ""), []).append(span.name)
    return below


async def test_one_trace_from_the_event_to_the_reply_across_a_kill(home: Path) -> None:
    """A daemon answers and is killed before Slack takes the reply, which the next one delivers: all is one trace.

    The model's span has the attributes of the conventions, and nothing that anybody wrote is in any span.
    """
    async with LocalCollector() as collector, LocalSlack() as slack:
        settings = slack.environment() | STARTER | collector.environment()
        slack.misbehave("chat.postMessage", HttpAnswer(503), times=1_000)
        dying = await start(home, **settings)
        await slack.wait_until_connected(seconds=30)
        asked = await slack.mention("C1", "U1", QUESTION)
        await dying.read_until("reply.postponed")
        [failed, *_] = await collector.wait_for("reply.deliver")
        await dying.kill()
        slack.behave()
        async with running(home, **settings, OTEL_SERVICE_NAME="second") as heir:
            await slack.wait_for_message(thread_ts=asked.ts, seconds=30)
            delivered = await heir.read_until("reply.delivered")
        [entry] = await log_of(home)
    spans = [span for span in collector.spans if span.name != "reply.deliver" and not span.name.startswith("send")]
    assert {span.trace_id for span in collector.spans} == {failed.trace_id}
    model = next(span for span in spans if span.name.startswith("text_completion"))
    assert _tree(spans) == {
        "": ["question.receive"],
        "question.receive": ["question.accept", "question.answer"],
        "question.answer": ["retrieval knowledge", model.name, "outbox.write"],
    }
    [root] = [span for span in spans if not span.parent_id]
    first, *_, last = sorted(await collector.wait_for("reply.deliver"), key=lambda span: span.began)
    assert {first.parent_id, last.parent_id} == {root.span_id}
    assert (first.is_error, first.attributes["supportbot.outcome"]) == (False, "postponed")
    assert last.attributes["supportbot.outcome"] == "delivered"
    assert last.attributes["supportbot.attempt"] > first.attributes["supportbot.attempt"]
    sends = {span.parent_id: span for span in await collector.wait_for("send slack")}
    assert (sends[first.span_id].is_error, sends[last.span_id].is_error) == (True, False)
    assert sends[last.span_id].kind == "CLIENT"
    assert delivered["trace_id"] == root.trace_id
    # Two processes, of which each says who it is.
    assert (first.resource["service.name"], last.resource["service.name"]) == ("supportbot", "second")
    assert first.resource["service.instance.id"] != last.resource["service.instance.id"]
    _is_as_the_conventions_say(model, entry)
    number = root.attributes["supportbot.question_id"]
    assert number == entry["question_id"]
    everything = b"".join(collector.bodies)
    for text in (QUESTION, entry["answer"], "return an item", "U1", *slack.environment().values()):
        assert text.encode() not in everything


def _is_as_the_conventions_say(model: Told, entry: Mapping[str, object]) -> None:
    """Look at the span of the model: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/."""
    assert model.name == "text_completion starter"
    said = {key: value for key, value in model.attributes.items() if key.startswith("gen_ai.")}
    tokens = entry["prompt_tokens"]
    assert isinstance(tokens, int)
    assert said == {
        "gen_ai.operation.name": "text_completion",
        "gen_ai.provider.name": "openvino",
        "gen_ai.request.model": "starter",
        "gen_ai.response.model": "starter",
        "gen_ai.request.temperature": 0.8,
        "gen_ai.request.top_p": 0.95,
        "gen_ai.request.top_k": 50,
        "gen_ai.request.max_tokens": MAX_LENGTH - tokens,
        "gen_ai.usage.input_tokens": tokens,
        "gen_ai.usage.output_tokens": entry["answer_tokens"],
        "gen_ai.response.finish_reasons": ["stop"],
    }


async def test_each_way_to_ask_on_discord_is_one_trace(home: Path) -> None:
    """A slash command and a mention have a trace each, from when they are heard; what is no question has none."""
    async with LocalCollector() as collector, DiscordServer() as discord:
        settings = {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url} | STARTER
        async with running(home, **settings, **collector.environment()):
            await discord.connected()
            await discord.say("Anybody for lunch?")
            await discord.response_to(await discord.slash(QUESTION))
            await discord.reply_to(await discord.mention("how long does a refund take?"))
            await collector.wait_for("reply.deliver", count=2)
    roots = await collector.wait_for("question.receive")
    assert [root.attributes for root in sorted(roots, key=lambda root: root.began)] == [
        {"supportbot.platform": "discord", "supportbot.question_id": number} for number in (1, 2)
    ]
    for root in roots:
        spans = [span for span in collector.spans if span.trace_id == root.trace_id]
        assert _tree(spans)["question.receive"] == ["question.accept", "question.answer", "reply.deliver"]
        assert _tree(spans)["reply.deliver"] == ["send discord"]
        [commit] = [span for span in spans if span.name == "question.accept"]
        assert root.began < commit.began < commit.ended <= root.ended
    assert len({root.trace_id for root in roots}) == len({span.trace_id for span in collector.spans}) == 2


async def test_the_log_of_a_question_by_its_number(home: Path) -> None:
    """Heard, answered, delivered, and what comes between: lines have the question's number, and not its words."""
    settings = STARTER | {"SUPPORTBOT_LOG_LEVEL": "debug"}
    async with LocalSlack() as slack, running(home, **slack.environment(), **settings) as daemon:
        await slack.wait_until_connected(seconds=30)
        slack.misbehave("assistant.threads.setStatus", ApiError("internal_error"))
        answers = []
        for question in (QUESTION, "Where is my order?"):
            asked = await slack.mention("C1", "U1", question)
            answers.append((await slack.wait_for_message(thread_ts=asked.ts, seconds=30)).shown)
            await daemon.read_until("reply.delivered")
        await slack.wait_for_acks()
    of_each = [[line["event"] for line in daemon.lines if line.get("question_id") == number] for number in (1, 2)]
    # Where a call of Slack fails that nobody waits for, nobody knows of any question.
    assert sorted(of_each[0]) == sorted(
        ["question.received", "slack.call_failed", "question.answered", "reply.delivered"]
    )
    assert of_each[1] == ["question.received", "question.answered", "reply.delivered"]
    about = [line for line in daemon.lines if line["event"].startswith(("question.", "reply."))]
    assert len(about) == 6
    assert all(line.get("question_id") for line in about)
    assert not any("trace_id" in line for line in daemon.lines)
    for text in (QUESTION, *answers):
        assert text not in str(daemon.lines)
