"""Slack's events and their listeners: the routing table of the adapter."""

from collections.abc import Callable

from slack_bolt.async_app import AsyncApp

from bot.slack._background import Background
from bot.slack.admins import Admins
from bot.slack.listeners import actions, again, commands, events, forgetting, home, policy, submissions
from bot.slack.patience import Patience
from supportbot.service import Service


def register(
    app: AsyncApp,
    service: Service,
    background: Background,
    patience: Patience,
    admins: Admins,
    lacking: Callable[[str], str],
) -> None:
    """Connect all listeners to the Bolt app; ``lacking`` says what the app lacks in a workspace."""
    events.register(app, service, background, patience)
    form = policy.PolicyForm(service, admins)
    commands.register(app, service, form)
    policy.register(app, form)
    actions.register(app, service, background)
    again.register(app, service, background, admins)
    submissions.register(app, service)
    forgetting.register(app, service, background)
    home.register(app, service, background, admins, lacking, form)
