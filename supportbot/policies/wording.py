"""Policies in words: what people type for a setting, and what a policy says, for all places where they see one.

Hours are written as ``Mon-Fri 18:00-08:00 Europe/Berlin``; without days they are those of each day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import time
from typing import Any

from pydantic import ValidationError

from supportbot.policies.errors import PolicyError
from supportbot.policies.policy import AnswerOn, Hours, Policy, known_zone
from supportbot.words import ENGLISH, LANGUAGES, N_, Sentence, Words

LABELS: Mapping[str, str] = {
    "answer_on": N_("Answer"),
    "verified_only": N_("Only verified answers"),
    "handoff_target": N_("Whom to ask instead"),
    "handoff_everywhere": N_("Offer this under every answer"),
    "handoff_reminder_minutes": N_("Minutes until reminder"),
    "working_hours": N_("Working hours"),
    "quiet_hours": N_("Quiet hours"),
    "language": N_("Language"),
    "digest": N_("Weekly digest"),
    "digest_channel": N_("Digest channel"),
}
"""What each setting is called, in the order in which they are shown."""

ANSWER_ON_WORDS: Mapping[AnswerOn, str] = {
    AnswerOn.MENTION: N_("Anyone who mentions the bot"),
    AnswerOn.QUESTIONS: N_("Also questions addressed to nobody, if the bot is sure"),
    AnswerOn.THREADS: N_("Anyone who mentions the bot, in threads only"),
    AnswerOn.NEVER: N_("Nobody"),
}

LANGUAGE_WORDS: Mapping[str, str] = {"en": "English", "de": "Deutsch"}

HOURS_EXAMPLE = "Mon-Fri 18:00-08:00 Europe/Berlin"
_HOURS_TEXT = N_("Enter hours like Mon-Fri 18:00-08:00 Europe/Berlin.")

NONE = N_("none")
"""What people type for a setting that shall have no value."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = re.compile(
    r"(?:(?P<days>[a-z][a-z, -]*?)\s+)?(?P<begin>\d{1,2}:\d{2})\s*[-–]\s*(?P<end>\d{1,2}:\d{2})\s+(?P<zone>\S+)",
    re.IGNORECASE,
)
_MENTION = re.compile(r"<(?P<sign>[#@][!&]?|!subteam\^)(?P<id>[A-Za-z0-9]{1,40})(?:\|[^<>]*)?>")
_TARGET = re.compile(r"(?:[a-z]{1,16}:)?@?&?[A-Za-z0-9]{2,40}")
_BOOLEANS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_CHANNEL = re.compile(r"(?:<#)?((?:[a-z]+:)?[A-Za-z0-9]{2,50})(?:(?:\|[^<>]*)?>)?")


def read_settings(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what people typed for some settings as a policy takes it.

    Raises:
        PolicyError: a setting is unknown, or what was typed for it cannot be read.
    """
    settings: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, text in typed.items():
        try:
            settings[name] = _read(name, text.strip())
        except ValueError as error:
            errors[name] = error.args[0]
    if errors:
        raise PolicyError(errors)
    return settings


def checked(policy: Policy, settings: Mapping[str, Any]) -> Policy:
    """Return a policy with some settings replaced.

    Raises:
        PolicyError: one of them is unknown or out of range.
    """
    try:
        return policy.changed(settings)
    except ValidationError as error:
        raise PolicyError(
            {str(one["loc"][0]): _sentence(one["loc"][0], one["msg"]) for one in error.errors()}
        ) from error


def typed_settings(policy: Policy) -> dict[str, str]:
    """Return what people would type for each setting as it is now; nothing for one without a value."""
    return {name: _typed(getattr(policy, name)) for name in LABELS}


def build_lines(policy: Policy, words: Words = ENGLISH) -> list[str]:
    """Return what a policy says, a line for each setting that is not as it is where nobody decides."""
    default = Policy()
    shown = {
        "answer_on",
        "verified_only",
        *(name for name in LABELS if getattr(policy, name) != getattr(default, name)),
    }
    return [
        words.say(
            "{setting}: {value}", setting=words.say(LABELS[name]), value=_shown(getattr(policy, name), words)
        )
        for name in LABELS
        if name in shown
    ]


def _read(name: str, text: str) -> Any:
    if name not in LABELS:
        raise ValueError(
            Sentence("There is no setting '{name}'. Use one of {names}.", name=name, names=_listed(LABELS))
        )
    default = Policy.model_fields[name].default
    if default is None and text.casefold() in ("", NONE):
        return None
    return _READERS[name](text)


def _read_answer_on(text: str) -> AnswerOn:
    try:
        return AnswerOn(text.casefold())
    except ValueError:
        raise ValueError(Sentence("Choose when the bot answers: {names}.", names=_listed(AnswerOn))) from None


def _read_boolean(text: str) -> bool:
    if (value := _BOOLEANS.get(text.casefold())) is None:
        raise ValueError(N_("Enter yes or no."))
    return value


def _read_language(text: str) -> str:
    if text.casefold() not in LANGUAGES:
        raise ValueError(Sentence("Choose a language: {names}.", names=_listed(LANGUAGES)))
    return text.casefold()


def _read_target(text: str) -> str:
    name = text
    if found := _MENTION.fullmatch(text):
        # Discord's numbers do not say what they name, so its signs for people and roles stay.
        sign = found["sign"].rstrip("!") if found["id"].isdecimal() and found["sign"] != "#" else ""
        name = f"{sign}{found['id']}"
    if not _TARGET.fullmatch(name):
        raise ValueError(
            N_(
                "Enter the ID of a channel, person or group, such as C0123ABCD. In Discord, put @ before a "
                "person's ID and @& before a role's."
            )
        )
    return name


def _read_channel(text: str) -> str:
    if (found := _CHANNEL.fullmatch(text)) is None:
        raise ValueError(N_("Enter a channel ID, such as C0123ABCD."))
    return found[1]


def _read_minutes(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(N_("Enter a whole number of minutes."))
    return int(text)


def read_hours(text: str) -> Hours:
    """Return hours as somebody typed them.

    Raises:
        ValueError: they cannot be read; the sentence says how to write them.
    """
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        raise ValueError(_HOURS_TEXT)
    return Hours(
        zone=known_zone(found["zone"]),
        days=_read_days(found["days"]),
        begin=_read_time(found["begin"]),
        end=_read_time(found["end"]),
    )


def _read_days(text: str | None) -> frozenset[int]:
    if text is None or text.strip().casefold() in ("daily", "every day"):
        return frozenset(range(len(_DAYS)))
    days: set[int] = set()
    for part in text.split(","):
        first, *rest = (_read_day(day) for day in part.split("-"))
        last = rest[0] if rest else first
        if len(rest) > 1:
            raise ValueError(_HOURS_TEXT)
        days |= {day % len(_DAYS) for day in range(first, last + 1 if last >= first else last + len(_DAYS) + 1)}
    return frozenset(days)


def _read_day(text: str) -> int:
    day = text.strip()[:3].title()
    if day not in _DAYS:
        raise ValueError(
            Sentence("'{day}' is not a day of the week. Use {days}.", day=text.strip(), days=_listed(_DAYS))
        )
    return _DAYS.index(day)


def _read_time(text: str) -> time:
    hour, minute = map(int, text.split(":"))
    if hour > 23 or minute > 59:
        raise ValueError(Sentence("{time} is not a time of day.", time=text))
    return time(hour, minute)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "answer_on": _read_answer_on,
    "verified_only": _read_boolean,
    "handoff_target": _read_target,
    "handoff_everywhere": _read_boolean,
    "handoff_reminder_minutes": _read_minutes,
    "working_hours": read_hours,
    "quiet_hours": read_hours,
    "language": _read_language,
    "digest": _read_boolean,
    "digest_channel": _read_channel,
}


def build_hours(hours: Hours) -> str:
    """Return hours as people write them."""
    times = f"{hours.begin:%H:%M}-{hours.end:%H:%M} {hours.zone}"
    if len(hours.days) == len(_DAYS):
        return times
    runs: list[list[int]] = []
    for day in sorted(hours.days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    names = (_DAYS[run[0]] if len(run) == 1 else f"{_DAYS[run[0]]}-{_DAYS[run[-1]]}" for run in runs)
    return f"{','.join(names)} {times}"


def _typed(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Hours():
            return build_hours(value)
    return str(value)


def _shown(value: object, words: Words) -> str:
    match value:
        case AnswerOn():
            choice = words.say(ANSWER_ON_WORDS[value])
            return f"{choice[0].lower()}{choice[1:]}"
        case str():
            return LANGUAGE_WORDS.get(value, value)
        case bool():
            return words.say(N_("yes") if value else N_("no"))
    return _typed(value) or words.say(NONE)


def _sentence(name: object, message: str) -> str:
    label = LABELS.get(str(name), str(name))
    return f"{label}: {message.removeprefix('Value error, ').rstrip('.')}."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
