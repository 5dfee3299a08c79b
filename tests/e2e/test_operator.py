"""What an operator types, and what stops a start: readable answers, exit statuses that mean something."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sqlite3
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.daemon import log_of, run_command, running, start, supportbot
from training.starter.data import load_faq


@pytest.mark.usefixtures("started_anew")
async def test_from_nothing_to_an_answer(tmp_path: Path) -> None:
    """`init` in an empty folder, `ask`, and `log`: the JSON of each has what scripts rely on."""
    home = tmp_path / "fresh"
    status, output, errors = await supportbot(home, "ask", "Where is my order?")
    assert status == 2
    assert "supportbot init" in errors
    assert "Traceback" not in errors
    status, output, errors = await supportbot(home, "init", "--json")
    assert status == 0, errors
    figures = json.loads(output)
    assert figures["model_version"] == "starter"
    assert figures["held_out_right"] >= 0.88
    assert figures["out_of_scope_auroc"] >= 0.90
    assert figures["train_seconds"] > 0
    status, output, errors = await supportbot(home, "ask", "How do I return an item?", "--json")
    assert status == 0, errors
    answer = json.loads(output)
    assert set(answer) == {
        "question_id",
        "answer",
        "source",
        "model_version",
        "confidence",
        "latency_ms",
        "prompt_tokens",
        "answer_tokens",
        "entry_ids",
        "similarity",
        "suggestions",
        "quoted",
    }
    assert "return" in answer["answer"].lower()
    [entry] = await log_of(home)
    assert (entry["question_id"], entry["answer"], entry["state"]) == (
        answer["question_id"],
        answer["answer"],
        "delivered",
    )
    status, output, _ = await supportbot(home, "log")
    assert status == 0
    assert "How do I return" in output
    kept = [path for path in home.rglob("*") if path.is_file()]
    assert home / "supportbot.db" in kept
    assert [path for path in kept if path.stat().st_mode & 0o077] == []


async def test_doctor_is_well_and_then_is_not(home: Path) -> None:
    """The doctor exits 0 when all is well, and 1 with the remedy when something is not."""
    status, output, errors = await supportbot(home, "doctor")
    assert status == 0, output + errors
    assert "SUPPORTBOT_WEB_PORT" in output
    (home / "models" / "starter" / "config.json").write_text("{}")
    home.chmod(0o755)  # noqa: ASYNC240 - a test may block its own loop
    status, output, _ = await supportbot(home, "doctor", "--json", SLACK_BOT_TOKEN="")
    assert status == 1
    said = json.loads(output)
    assert {tuple(line) for line in said["settings"]} == {("key", "value", "is_set", "meaning")}
    assert {tuple(check) for check in said["checks"]} == {("check", "ok", "detail", "warning")}
    wrong = {check["check"]: check["detail"] for check in said["checks"] if not check["ok"]}
    assert set(wrong) == {"home", "model"}
    assert "chmod 700" in wrong["home"]


async def test_doctor_tells_a_wrong_setting(home: Path) -> None:
    """A setting that would stop the start is the doctor's first finding."""
    status, output, _ = await supportbot(home, "doctor", "--json", SUPPORTBOT_WEBPORT="1")
    assert status == 1
    [check] = json.loads(output)["checks"]
    assert "did you mean SUPPORTBOT_WEB_PORT" in check["detail"]
    status, output, _ = await supportbot(home, "doctor", "--json", SUPPORTBOT_WEB_HOST="0.0.0.0")  # noqa: S104
    assert status == 1
    [check] = json.loads(output)["checks"]
    assert "set SUPPORTBOT_WEB_ORIGINS" in check["detail"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"SUPPORTBOT_HOEM": "x"}, "did you mean SUPPORTBOT_HOME"),
        ({"SLACK_BOT_TOKEN": "xapp-1", "SLACK_APP_TOKEN": "xoxb-1"}, "swapped"),
        ({"SUPPORTBOT_MODEL": "/nowhere/model"}, "SUPPORTBOT_MODEL"),
        ({"SUPPORTBOT_WEB_HOST": "0.0.0.0"}, "set SUPPORTBOT_WEB_ORIGINS"),  # noqa: S104 - it is refused
    ],
)
async def test_wrong_settings_stop_the_start(home: Path, settings: dict[str, str], sentence: str) -> None:
    """A wrong setting is one sentence and exit status 2, without a traceback."""
    offline = {"HF_HUB_OFFLINE": "1", **settings}
    status, _, errors = await run_command(home, "bot", **offline)
    assert status == 2
    assert sentence in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("damage", ["missing", "empty", "garbage", "newer", "second"])
async def test_wrong_databases_stop_the_start(home: Path, damage: str) -> None:
    """A database that is missing, damaged, newer or in use stops the start with a sentence."""
    path = home / "supportbot.db"
    if damage == "second":
        async with running(home):
            status, _, errors = await run_command(home, "bot")
    else:
        if damage == "missing":
            path.unlink()
        elif damage == "empty":
            path.write_bytes(b"")
        elif damage == "garbage":
            path.write_bytes(b"garbage " * 1000)
        else:
            connection = sqlite3.connect(path)
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.commit()
            connection.close()
        status, _, errors = await run_command(home, "bot")
    assert status == 2, errors
    assert "Traceback" not in errors
    assert {
        "missing": "supportbot init",
        "empty": "supportbot init",
        "garbage": "SUPPORTBOT_DATABASE_URL",
        "newer": "newer than this program",
        "second": "Another daemon",
    }[damage] in errors


@pytest.mark.usefixtures("started_anew")
async def test_probes_of_a_running_daemon_and_ctrl_c(home: Path) -> None:
    """Health, readiness, metrics and the page answer; Ctrl-C ends the daemon as cleanly as SIGTERM.

    Its home and `.env` are open to other users, which it says and leaves as it is.
    """
    env_file = Path(".env")
    env_file.write_text("SUPPORTBOT_NAME=Ana\n", "utf-8")  # noqa: ASYNC240 - a test may block its own loop
    open_paths = {env_file: 0o644, home: 0o755}
    for each, mode in open_paths.items():
        each.chmod(mode)
    daemon = await start(home)
    warned = {line["place"]: line["remedy"] for line in daemon.lines if line["event"] == "daemon.open_to_others"}
    assert warned == {
        ".env": ".env is open to other users (mode 0644): run `chmod 600 .env`.",
        str(home): f"{home} is open to other users (mode 0755): run `chmod 700 {home}`.",
    }
    assert {each: each.stat().st_mode & 0o777 for each in open_paths} == open_paths
    async with aiohttp.ClientSession() as session:
        for probe, part in {"/healthz": "ok", "/readyz": "true", "/metrics": "supportbot_questions_total"}.items():
            async with session.get(daemon.page.rstrip("/") + probe) as response:
                assert response.status == 200
                assert part in await response.text()
    daemon.process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(daemon.process.wait(), 10) == 0


async def test_approved_answers_come_faster_from_the_first_question_on(home: Path, tmp_path: Path) -> None:
    """A daemon that has answered nobody yet supposes what was approved, and that comes."""
    rows = [{"question": topic.wordings[0], "answer": topic.answer} for topic in load_faq().topics]
    known = tmp_path / "known.jsonl"
    known.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    status, _, errors = await supportbot(home, "import", str(known), "--approve", "--by", "Ana", "--yes")
    assert status == 0, errors
    async with (
        running(home) as daemon,
        aiohttp.ClientSession() as session,
        session.get(daemon.page.rstrip("/") + "/metrics") as response,
    ):
        lines = (await response.text()).splitlines()
    # The small question that is asked before the daemon is ready has 16 tokens.
    [accepted] = [line for line in lines if line.startswith("supportbot_engine_accepted_tokens_total")]
    assert float(accepted.split()[1]) > 4


async def test_postgresql_by_one_setting(home: Path, postgres_url: str) -> None:
    """One setting moves everything to PostgreSQL: init, ask, log and the daemon."""
    setting = {"SUPPORTBOT_DATABASE_URL": postgres_url}
    status, _, errors = await supportbot(home, "init", **setting)
    assert status == 0, errors
    status, _, errors = await supportbot(home, "ask", "How do I return an item?", **setting)
    assert status == 0, errors
    async with running(home, **setting):
        [entry] = await log_of(home, **setting)
    assert entry["state"] == "delivered"


async def test_own_model_replaces_the_starter(home: Path, tiny_model: Path) -> None:
    """`SUPPORTBOT_MODEL` takes any directory in Hugging Face format; its answers carry its name."""
    own = shutil.copytree(tiny_model, home / "mine")
    status, output, errors = await supportbot(
        home, "ask", "Where is my order?", "--json", SUPPORTBOT_MODEL=str(own)
    )
    assert status == 0, errors
    assert json.loads(output)["model_version"].startswith("mine@")
