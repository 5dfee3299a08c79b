"""What people read for the words that the registry, an evaluation and the audit have for things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from bot.web.console.pages import ROOT
from bot.web.nodes import node
from supportbot.db.audit import AuditEntry
from supportbot.db.states import ModelStatus
from supportbot.models.publishing import VersionSummary
from supportbot.models.versions import Fixed
from supportbot.printable import printable
from supportbot.trials.store import BETTER_BY_CHOICE, BETTER_IN_TRIAL
from supportbot.words import N_, Words, recognised

PATH = f"{ROOT}/models"
TRAINING, TRIAL = "train", "trial"
"""Pages behind it that have the form of a version's, and may be the name of one, too."""

OF_VERSION = "version"
"""In the query of the page of a version with such a name."""

STATES: Mapping[ModelStatus, str] = {
    ModelStatus.ACTIVE: N_("Live now"),
    ModelStatus.CANDIDATE: N_("Installed"),
    ModelStatus.RETIRED: N_("Retired"),
}

FIXED: Mapping[Fixed, str] = {
    Fixed.PINNED: N_(
        "SUPPORTBOT_MODEL sets which model answers here, so switching versions on this page has no effect."
    ),
    Fixed.REMOTE: N_("A remote server answers here, so switching versions on this page has no effect."),
}

DEEDS: Mapping[str, str] = {
    "model.publish": N_("published"),
    "model.promote": N_("put live"),
    "model.rollback": N_("rolled back to it"),
    "model.retire": N_("retired"),
    "model.trial_start": N_("started its trial"),
    "model.trial_end": N_("ended its trial"),
    "model.trial_unpromoted": N_("couldn't put it live after its trial"),
    "model.reconcile": N_("recorded an outside change"),
}


_REASONS = (BETTER_BY_CHOICE, BETTER_IN_TRIAL)
"""Why something was put live, where a person did not write it; the longer one first, which the other would fit."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a figure is called.

    Attributes:
        text: its name.
        kind: how it is written: a share in percent, or a number.
        good: which way is better; None where neither is.
    """

    text: str
    kind: Literal["share", "number"] = "number"
    good: Literal[1, -1] | None = 1


FIGURES: Mapping[str, Label] = {
    "right": Label(N_("Right answers"), "share"),
    "right_greedy": Label(N_("Right answers, most likely answer only"), "share"),
    "learned_right": Label(N_("Right answers to rows the other version learned"), "share"),
    "rouge_l": Label("ROUGE-L"),
    "loss": Label(N_("Held-out loss, nats per token"), good=-1),
    "perplexity": Label(N_("Perplexity"), good=-1),
    "bits_per_byte": Label(N_("Held-out loss, bits per byte"), good=-1),
    "int8_loss_rise": Label(N_("Increase in loss with int8 weights"), "share", -1),
    "confidence_floor": Label(N_("Confidence threshold, nats"), good=None),
    "out_of_scope_refused": Label(N_("Off-topic questions refused"), "share"),
    "out_of_scope_auroc": Label(N_("Tells in-scope from off-topic questions (AUROC)")),
    "confidence_auroc": Label(N_("Confidence predicts right answers (AUROC)")),
    "replay_f1": Label(N_("Agreement with past corrections (F1)")),
    "answer_tokens": Label(N_("Tokens per answer"), good=None),
    "repetition": Label(N_("Repeated four-word phrases"), "share", -1),
    "distinct_2": Label(N_("Distinct word pairs"), "share"),
    "tokens_per_second": Label(N_("Tokens per second"), good=None),
    "seconds_per_answer": Label(N_("Seconds per answer"), good=None),
    "train_final_loss": Label(N_("Final training loss, nats per token"), good=-1),
    "train_eval_loss": Label(N_("Held-out loss at the end of training, nats per token"), good=-1),
    "held_out_right": Label(N_("Right answers to held-out wordings"), "share"),
    "held_out_right_greedy": Label(N_("Right answers to held-out wordings, most likely answer only"), "share"),
    "out_of_scope_below_floor": Label(N_("Off-topic questions below the threshold"), "share"),
}
"""Figures of an evaluation and of a manifest, in the order in which they are shown."""


def label_of(name: str) -> Label:
    """Return what a figure is called; one that nobody named has its own name, in which no way is better."""
    return FIGURES.get(name) or Label(printable(name), good=None)


def written(value: float, label: Label, words: Words, *, signed: bool = False) -> str:
    """Return a figure as people read it.

    Args:
        value: the figure, or a difference of two.
        label: says what it is.
        words: the console's own.
        signed: whether it is a difference; that of shares is in points.
    """
    sign = "" if not signed or value == 0 else "+" if value > 0 else "−"
    size = abs(value) if signed else value
    if label.kind == "share":
        return f"{sign}{words.tenths(100 * size)}" if signed else words.percent_tenths(size)
    return f"{sign}{size:.4g}"


def path_of(version: str) -> str:
    """Return the address of a version's page."""
    return f"{PATH}/{quote(version, safe='')}" + (f"?{OF_VERSION}=1" if version in (TRAINING, TRIAL) else "")


def build_state(summary: VersionSummary, words: Words) -> None:
    """Show what a version is now."""
    if summary.problem:
        node("span", words.say("Damaged"), classes="tag damaged")
    elif summary.status is ModelStatus.CANDIDATE and not summary.is_here:
        node("span", words.say("On another machine"), classes=f"tag {summary.status}")
    else:
        node("span", words.say(STATES[summary.status]), classes=f"tag {summary.status}")
    if summary.is_previous and not summary.problem:
        node("span", words.say("previously live"), classes="tag")


def comparison(summary: VersionSummary, words: Words) -> str:
    """Return in a few words how a version compared."""
    verdict = summary.verdict
    if verdict is None:
        return words.say("Not evaluated") if summary.is_here else "–"
    against = printable(str(verdict.against or "–"))
    if verdict.better:
        return words.say("Better than {version}", version=against)
    return words.say("Not better than {version}", version=against)


def deed_words(entry: AuditEntry, words: Words) -> str:
    """Return what was done, with the reason where somebody had to give one."""
    done = words.say(DEEDS.get(entry.action, entry.action))
    details = entry.details
    if isinstance(before := details.get("from"), str):
        done = words.say("{deed}, replacing {version}", deed=done, version=printable(before))
    if isinstance(reason := details.get("forced"), str):
        done = words.say(
            "{deed}; reason: {reason}", deed=done, reason=words.say(recognised(printable(reason), _REASONS))
        )
    return done
