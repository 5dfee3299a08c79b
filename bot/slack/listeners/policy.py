"""Deciding what the bot answers in a channel: the command opens the modal, and what is sent with it is kept.

Whether somebody may is asked when the modal opens, and again when it is sent.
"""

from __future__ import annotations

import aiohttp
import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.policies import ADMINS_TEXT, SAVED_TITLE, build_confirmation, means_all
from bot.slack.admins import Admins, UnknownAdminsError
from bot.slack.api_errors import error_code
from bot.slack.explanation import build_told
from bot.slack.home import read_settings_click
from bot.slack.policy import POLICY_VIEW, build_policy, read_place, read_submission
from bot.slack.views import SORRY_TEXT
from supportbot.intake.people import person_of
from supportbot.policies.errors import PolicyError
from supportbot.policies.form import submit
from supportbot.service import Service
from supportbot.words import N_

log = structlog.get_logger(__name__)

_NOT_SAVED_TITLE = N_("Not saved")
_NOT_SHOWN_TITLE = N_("Settings")


class PolicyForm:
    """The modal, from its opening to what it changes.

    Args:
        service: the support bot.
        admins: who may decide.
    """

    def __init__(self, service: Service, admins: Admins) -> None:
        self._service = service
        self._admins = admins

    async def open(self, ack: AsyncAck, body: dict[str, object], client: AsyncWebClient, text: str) -> None:
        """Show an admin the modal with what holds now; anybody else is told one sentence."""
        found = read_place(body, is_all=means_all(text))
        if found is None:
            await ack()
            return
        place, user = found
        words = await self._service.words(place)
        try:
            if not await self._admins.include(client, place.workspace, user):
                await ack(text=words.say(ADMINS_TEXT), response_type="ephemeral")
                return
            view = build_policy(place.channel, await self._service.policies.shown(place), words)
            await client.views_open(trigger_id=str(body["trigger_id"]), view=view)
        except UnknownAdminsError as error:
            await ack(text=words.say(str(error)), response_type="ephemeral")
        except (SlackApiError, aiohttp.ClientError, OSError) as error:
            reason = error_code(error) if isinstance(error, SlackApiError) else type(error).__name__
            log.warning("slack.form_not_opened", reason=reason)
            await ack(text=words.say(SORRY_TEXT), response_type="ephemeral")
        else:
            await ack()

    async def open_from_home(self, ack: AsyncAck, body: dict[str, object], client: AsyncWebClient) -> None:
        """Show an admin who clicked in the Home tab the modal of all channels; anybody else one sentence."""
        await ack()
        found = read_settings_click(body)
        if found is None:
            return
        place, user = found
        refused = ""
        try:
            if not await self._admins.include(client, place.workspace, user):
                refused = ADMINS_TEXT
        except UnknownAdminsError as error:
            refused = str(error)
        # As the tab is; only by now Slack has told what language the person speaks.
        words = await self._service.words(place, self._admins.locale_of(place.workspace, user))
        if refused:
            view = build_told(words.say(_NOT_SHOWN_TITLE), words.say(refused), words)
        else:
            view = build_policy(place.channel, await self._service.policies.shown(place), words)
        try:
            await client.views_open(trigger_id=str(body["trigger_id"]), view=view)
        except (SlackApiError, aiohttp.ClientError, OSError) as error:  # there is no place to tell it
            reason = error_code(error) if isinstance(error, SlackApiError) else type(error).__name__
            log.warning("slack.form_not_opened", reason=reason)

    async def on_submission(self, ack: AsyncAck, body: dict[str, object], client: AsyncWebClient) -> None:
        """Keep what an admin decided, say what holds now, or what is wrong at the field that is wrong."""
        submission = read_submission(body)
        if submission is None:
            await ack()
            return
        place, user = submission.place, submission.user
        words = await self._service.words(place)
        try:
            if not await self._admins.include(client, place.workspace, user):
                told = build_told(words.say(_NOT_SAVED_TITLE), words.say(ADMINS_TEXT), words)
                await ack(response_action="update", view=told)
                return
            by = person_of(place.platform, place.workspace, user)
            policy = await submit(self._service.policies, place, submission.typed, by)
        except PolicyError as error:
            errors = {name: words.say(sentence) for name, sentence in error.errors.items()}
            await ack(response_action="errors", errors=errors)
        except UnknownAdminsError as error:
            told = build_told(words.say(_NOT_SAVED_TITLE), words.say(str(error)), words)
            await ack(response_action="update", view=told)
        else:
            log.info("policy.changed", platform="slack", workspace=place.workspace, channel=place.channel)
            words = await self._service.words(place)  # the language itself may be what was decided
            told = build_told(words.say(SAVED_TITLE), build_confirmation(place.channel, policy, words), words)
            await ack(response_action="update", view=told)


def register(app: AsyncApp, form: PolicyForm) -> None:
    """Connect the listener for the modal; the command is one of all commands."""
    app.view(POLICY_VIEW)(form.on_submission)
