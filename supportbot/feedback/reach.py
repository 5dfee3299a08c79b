"""Whether somebody is where an answer was given: on its platform, and in its workspace.

Numbers of answers are easily guessed. Without this, whoever can click in one workspace could judge what was said
in another, or have what was asked there proposed as their own.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from supportbot.db.models import Answer, Conversation, Question, Workspace


def was_given_to(person: str, workspace: str | None) -> ColumnElement[bool]:
    """Return the condition on ``Answer`` that it was given where a person is.

    Args:
        person: a name that is unique over all platforms and begins with that of theirs, such as ``slack:T1:U1``.
        workspace: the platform's id of where the person is; None where a platform has only one.
    """
    there = (
        select(Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Workspace, Conversation.workspace_id == Workspace.id)
        .where(Question.id == Answer.question_id, Workspace.platform == person.partition(":")[0])
    )
    if workspace is not None:
        there = there.where(Workspace.external_id == workspace)
    return there.exists()
