"""What people get on each platform, and the test that shows it: the source of ``docs/features.md``.

``python -m tests.features`` writes that document; ``tests/test_docs.py`` compares it with this table, and the
table with the tests that there are.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "features.md"

_FOLDERS = {"slack": "tests/slack", "discord": "tests/discord_adapter", "page": "tests/web"}
_TITLES = {"slack": "Slack", "discord": "Discord", "page": "the page"}

_HEAD = """# What it does, and where

Each row names the test that shows it, on each platform; they run in `make test`. A dash says that a platform has
no such thing, with the reason below. `python -m tests.features` writes this page.
"""


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that people get.

    Attributes:
        what: in a few words.
        slack: the test that shows it, as ``module::test``, or with its path; nothing where there is no such thing.
        discord: likewise.
        page: likewise.
        why: why a platform lacks it.
    """

    what: str
    slack: str = ""
    discord: str = ""
    page: str = ""
    why: str = ""


FEATURES: Mapping[str, tuple[Feature, ...]] = {
    "Asking": (
        Feature(
            "Name the bot in a channel",
            "questions::test_mention_is_answered_in_its_thread",
            "questions::test_mention_is_answered_with_a_reply",
            why="on the page there is nobody else to name",
        ),
        Feature(
            "Write to it directly",
            "questions::test_direct_message_is_answered_in_its_thread",
            "questions::test_direct_message_needs_no_mention",
            "page::test_answer_is_watched_being_written_and_stored",
        ),
        Feature(
            "A command",
            "questions::test_command_is_answered_in_the_channel_with_the_question",
            "questions::test_slash_command_is_answered_in_its_own_message",
            why="the page is one field",
        ),
        Feature(
            "A message of somebody else, from its menu",
            discord="questions::test_context_menu_answers_the_chosen_message",
            why="in Slack, name the bot in the thread of that message",
        ),
        Feature(
            "Without having the bot on the server",
            discord="user_install::test_question_elsewhere_is_ones_own_and_answered_there",
            why="Slack has no such thing",
        ),
        Feature(
            "Verified questions are offered while one types, or to click on",
            "home::test_prompts_are_verified_questions",
            "offers::test_verified_questions_complete_what_is_typed",
            "knowledge::test_welcome_is_the_operators",
        ),
        Feature(
            "Go on in a thread without a mention",
            "threads::test_asker_goes_on_without_a_mention",
            "threads::test_asker_goes_on_without_a_mention",
            "tests/supportbot/answering/test_answerer.py::test_follow_up_is_answered_with_what_the_thread_is_about",
            why="in Discord with the Message Content intent, without which it hides what does not name the bot",
        ),
        Feature(
            "People among themselves are left alone; stop and start",
            "threads::test_people_among_themselves_are_left_alone",
            "threads::test_people_among_themselves_are_left_alone",
            why="on the page everybody is alone with the bot",
        ),
        Feature(
            "Forwarded messages, quotes, code, files, rich text and the like are read as a person reads them",
            "said::test_question_says_what_a_person_reads",
            "reading::test_every_kind_of_message_is_read",
            why="the page takes text",
        ),
        Feature(
            "An edited question counts as it reads while it has no answer",
            "questions::test_question_is_answered_as_it_reads_now",
            "questions::test_an_edited_question_counts_as_it_reads_until_it_is_answered",
            why="what was sent on the page stays",
        ),
        Feature(
            "A deleted question is withdrawn",
            "questions::test_deleted_question_is_not_answered",
            "questions::test_a_deleted_question_is_withdrawn",
            why="what was sent on the page stays",
        ),
        Feature(
            "What was asked during an outage is found and answered once",
            "catchup::test_what_came_during_an_outage_is_found",
            "questions::test_questions_asked_while_away_are_read_back",
            why="the page cannot be used while the daemon is away",
        ),
    ),
    "Answers": (
        Feature(
            "A verified answer says who approved it and when",
            "knowledge::test_verified_answer_arrives_with_its_mark",
            "knowledge::test_verified_answer_arrives_with_its_mark",
            "knowledge::test_verified_answer_says_who_approved_it",
        ),
        Feature(
            "Not sure: the nearest verified questions as buttons",
            "knowledge::test_click_asks_what_was_meant",
            "knowledge::test_click_asks_what_was_meant",
            "knowledge::test_suggestion_is_asked_by_a_click",
        ),
        Feature(
            "A quotation of a document names its source and says that nobody verified it",
            "knowledge::test_quoted_passage_names_its_source_and_is_not_verified",
            "knowledge::test_quoted_passage_names_its_source",
            "knowledge::test_quoted_passage_says_that_nobody_verified_it",
        ),
        Feature(
            "A sign that it was heard, and the answer while it is written",
            "streaming::test_answer_grows_and_becomes_the_answer",
            "streaming::test_reply_grows_and_becomes_the_answer",
            "page::test_answer_is_watched_being_written_and_stored",
        ),
        Feature(
            "A kill in the middle of that ends in one whole message",
            "tests/e2e/test_streaming.py::test_kill_in_the_middle_of_a_stream",
            "streaming::test_first_words_that_were_not_heard_of_are_found",
            "page::test_reload_brings_the_conversation_back",
        ),
        Feature(
            "Markdown as each platform shows it",
            "formatting::test_styles_and_headings",
            "text::test_answers_stay_readable",
            "formatting::test_markdown_is_shown_as_what_it_means",
        ),
        Feature(
            "Long answers are divided, nothing is cut away",
            "long_answers::test_long_answer_goes_on_in_its_thread",
            "text::test_long_answers_are_divided",
            "page::test_end_stays_in_view",
        ),
        Feature(
            "Nothing pings, and no link hides its address",
            "formatting::test_no_answer_pings_or_hides_or_loses",
            "text::test_nothing_pings_or_hides_an_address",
            "formatting::test_hostile_answers_are_text",
        ),
        Feature(
            "Each reply arrives once, through lost connections and kills",
            "sender::test_reply_arrives_once_in_the_end",
            "sender::test_reply_that_arrived_before_the_line_broke_is_not_doubled",
            "page::test_reload_brings_the_conversation_back",
        ),
    ),
    "Around an answer": (
        Feature(
            "A thumb, which can be changed, also after a restart",
            "votes::test_vote_outlives_a_restart",
            "votes::test_buttons_work_after_a_restart",
            "page::test_vote_can_be_given_and_changed",
        ),
        Feature(
            "What was wrong, and what should have been said",
            "explanations::test_explanation_goes_on_the_vote",
            "explanations::test_explanation_goes_on_the_vote",
            "explanations::test_explanation_goes_on_the_vote",
        ),
        Feature(
            "Try again: another answer of the model, three at most, for the asker and admins",
            "again::test_try_again_brings_another_answer_below",
            "again::test_try_again_brings_another_answer",
            "again::test_other_answers_stand_below",
        ),
        Feature(
            "Ask again: a question that was edited after its answer",
            "again::test_edited_question_is_asked_again",
            "again::test_edited_question_is_asked_again",
            why="what was sent on the page stays",
        ),
        Feature(
            "Ask a human; their answer comes back to the asker",
            "asking_human::test_channel_is_asked_and_its_answer_comes_back",
            "asking_human::test_channel_is_asked_and_its_answer_comes_back",
            "asking_human::test_answer_from_slack_appears_on_the_page",
        ),
        Feature(
            "Outside working hours: when somebody is back",
            "asking_human::test_outside_working_hours_it_says_when_somebody_is_back",
            "tests/supportbot/handoffs/test_pure.py::test_people_are_back_when_their_hours_begin",
            "tests/supportbot/handoffs/test_pure.py::test_people_are_back_when_their_hours_begin",
        ),
        Feature(
            "A reminder of what people have not answered, once",
            "asking_human::test_reminder_in_the_thread_of_the_people",
            "asking_human::test_reminder_refers_to_what_was_asked",
            why="people are asked where they are, in Slack or Discord",
        ),
        Feature(
            "A colleague's answer in the thread is kept and proposed to the curator",
            "handoff::test_colleague_in_the_thread_answers",
            "handoff::test_reply_of_a_colleague_is_an_answer",
            "asking_human::test_answer_from_slack_appears_on_the_page",
        ),
        Feature(
            "Forget me",
            "forgetting::test_who_confirms_is_erased_and_told",
            "forgetting::test_who_confirms_is_erased_and_told",
            why="a visitor has no name; `supportbot privacy erase` takes the number of a visit",
        ),
    ),
    "For admins": (
        Feature(
            "What is answered in a channel: a form",
            "policies::test_admin_decides_in_a_form",
            "policies::test_manager_decides_in_a_form",
            why="the page has no admins of its own",
        ),
        Feature(
            "Also questions to nobody in particular, if the answer is known",
            "policies::test_questions_to_nobody_are_asked_without_a_sign",
            "policies::test_questions_to_nobody_are_heard_with_the_intent",
            why="on the page everything is for the bot",
        ),
        Feature(
            "In threads only, or never",
            "policies::test_never_is_silence",
            "policies::test_never_is_silence",
            why="the page has no channels",
        ),
        Feature(
            "Figures of the last seven days",
            "home::test_admins_see_the_figures_of_the_week",
            "offers::test_figures_are_for_those_who_manage_the_server",
            why="`supportbot stats`",
        ),
        Feature(
            "Open hand-offs, and the way to the settings",
            "digests::test_home_leads_to_what_is_open_and_to_the_settings",
            "offers::test_figures_are_for_those_who_manage_the_server",
            why="`supportbot handoffs list`",
        ),
        Feature(
            "A weekly digest: what was asked, what was not known, who helped",
            "digests::test_posted_once_with_names",
            "digests::test_posted_once_with_names",
            "tests/supportbot/digest/test_week.py::test_goes_to_a_channel",
        ),
        Feature(
            "Many workspaces or servers, each with its own knowledge, policy, limits and consent",
            "workspaces::test_each_workspace_is_answered_with_its_own_token",
            "guilds::test_each_server_has_its_own_answers_figures_and_policy",
            why="the page is one",
        ),
        Feature(
            "English and German, by channel, workspace or person",
            "words::test_language_is_decided_when_the_question_comes",
            "words::test_language_of_the_server_and_of_who_types",
            "words::test_page_speaks_as_the_browser_asks_unless_a_policy_decides",
        ),
        Feature(
            "One's own questions with what became of them",
            "home::test_home_shows_ones_own_questions",
            page="page::test_reload_brings_the_conversation_back",
            why="Discord has no page of an app",
        ),
        Feature(
            "What the app lacks, told by `supportbot doctor`",
            "scopes::test_doctor_is_told_until_it_is_mended",
            "permissions::test_doctor_is_told_until_it_is_mended",
            why="the page needs no permission",
        ),
        Feature(
            "What the app lacks, in one sentence a day",
            "scopes::test_each_scope_is_said_once_a_day",
            "sender::test_missing_permission_is_told_once_a_day",
            why="the page needs no permission",
        ),
    ),
}


def tests_named(feature: Feature) -> Mapping[str, tuple[str, str]]:
    """Return the file and the name of the test that shows a feature, by platform."""
    named = {}
    for platform, folder in _FOLDERS.items():
        if said := getattr(feature, platform):
            module, _, test = said.partition("::")
            named[platform] = (module if "/" in module else f"{folder}/test_{module}.py", test)
    return named


def missing_tests() -> list[str]:
    """Return the tests that the table names and that are not there."""
    found: dict[str, frozenset[str]] = {}
    missing = []
    for features in FEATURES.values():
        for feature in features:
            for file, test in tests_named(feature).values():
                if file not in found:
                    found[file] = frozenset(_tests_in(ROOT / file))
                if test not in found[file]:
                    missing.append(f"{file}::{test}")
    return missing


def build_document() -> str:
    """Return the document."""
    lines = [_HEAD]
    for group, features in FEATURES.items():
        lines += [f"## {group}", "", f"| | {' | '.join(_TITLES.values())} |", "|---|---|---|---|"]
        lines += [f"| {feature.what} | {' | '.join(_cells(feature))} |" for feature in features]
        lines.append("")
        lines += [f"* {feature.what}: {feature.why}." for feature in features if feature.why]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _cells(feature: Feature) -> Iterator[str]:
    named = tests_named(feature)
    for platform in _FOLDERS:
        if platform in named:
            file, test = named[platform]
            yield f"[`{test.removeprefix('test_')}`](../{file})"
        else:
            yield "–"


def _tests_in(file: Path) -> Iterator[str]:
    if file.is_file():
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name


if __name__ == "__main__":
    if missing := missing_tests():
        sys.exit("\n".join(["These tests are not there:", *missing]))
    DOCUMENT.write_text(build_document(), "utf-8")
