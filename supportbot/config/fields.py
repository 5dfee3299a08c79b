"""What can be set: each setting with its type, its meaning, and the bounds of its value.

Names begin with ``SUPPORTBOT_``, except those that everyone knows (``SLACK_BOT_TOKEN``, ``DISCORD_TOKEN`` …).
``settings`` checks which settings need one another.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_data_path
from pydantic import AliasChoices, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from supportbot.words import Language

PREFIX = "SUPPORTBOT_"

_HOUR, _YEAR, _CENTURY = 3_600, 366, 36_500
"""Bounds of times, in seconds and in days: more than anybody means, and nothing that no calendar has."""


def _blank_is_unset(value: object) -> object:
    """A key that is left empty in ``.env`` counts as not set."""
    return None if isinstance(value, str) and not value.strip() else value


def _named(name: str, description: str) -> object:
    """A setting that keeps its well-known name instead of the prefix."""
    return Field(default=None, validation_alias=AliasChoices(name), description=description)


OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_blank_is_unset)]
OptionalText = Annotated[str | None, BeforeValidator(_blank_is_unset)]
OptionalPath = Annotated[Path | None, BeforeValidator(_blank_is_unset)]
OptionalInt = Annotated[int | None, BeforeValidator(_blank_is_unset)]
OptionalFloat = Annotated[float | None, BeforeValidator(_blank_is_unset)]


class Fields(BaseSettings):
    """All of them, as they are read from the environment."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file_encoding="utf-8", extra="ignore", frozen=True, populate_by_name=True
    )

    name: str = Field(
        default="Support bot", min_length=1, max_length=60, description="What the bot is called on its page."
    )
    home: Path = Field(
        default_factory=lambda: user_data_path("supportbot", appauthor=False),
        description="Folder for the database, the models and the index.",
    )
    database_url: OptionalText = Field(
        default=None,
        description="SQLAlchemy URL, e.g. postgresql+psycopg://user:password@host/name. "
        "Empty: SQLite in SUPPORTBOT_HOME.",
    )
    model: OptionalText = Field(
        default=None,
        description="A hub id (gpt2), a directory in Hugging Face format, or a version in the registry. "
        "Empty: the registry's live version.",
    )
    model_store: OptionalText = Field(
        default=None,
        description="Where machines that share a PostgreSQL database find each other's models: a folder that all "
        "of them have, or s3://bucket/prefix. Empty: each needs the versions in its own home.",
    )
    engine: Literal["auto", "openvino", "transformers", "remote"] = Field(
        default="auto",
        description="What computes answers: openvino (fast on a CPU), transformers (reference, GPUs), "
        "remote (a server such as vLLM), or auto.",
    )
    precision: Literal["auto", "fp16", "bf16", "fp32", "int8"] = Field(
        default="auto", description="Arithmetic of the model: auto, fp16, bf16, fp32, or int8 (on a CPU)."
    )
    remote_urls: str = Field(
        default="",
        description="Base URLs of OpenAI-compatible servers for SUPPORTBOT_ENGINE=remote, separated by "
        "commas, e.g. http://gpu1:8000/v1, http://gpu2:8000/v1.",
    )
    remote_model: OptionalText = Field(
        default=None, description="Name of the model on those servers. Empty: the only one there."
    )
    remote_api_key: OptionalSecret = Field(
        default=None, description="API key for those servers, if they need one."
    )
    candidates: int = Field(
        default=1,
        ge=1,
        le=8,
        description="How many answers the model writes for each question; the bot gives the likeliest.",
    )
    confidence_floor: OptionalFloat = Field(
        default=None,
        description="Answers less confident than this (mean log-probability of the first 8 tokens, at most 0) "
        "become 'I am not sure'. Empty: the model's calibrated floors, if it has any.",
    )
    answer_mode: Literal["verified_first", "generate_only"] = Field(
        default="verified_first",
        description="verified_first: the approved answer, word for word; without one, the model's answer if "
        "it can be trusted; otherwise 'I am not sure'. generate_only: the model alone.",
    )
    encoder: OptionalText = Field(
        default=None,
        description="The sentence encoder that compares questions: a BERT-shaped model (a hub id, or a "
        "directory in Hugging Face format), or none (letters only). Empty: all-MiniLM-L6-v2, "
        "which is included.",
    )
    wrong_rate: float = Field(
        default=0.02,
        gt=0,
        le=0.5,
        description="The share of questions in scope that may get a wrong approved answer. A smaller share "
        "means 'I am not sure' more often.",
    )
    small_talk: bool = Field(
        default=True, description="Answer greetings, thanks and the like with the short entries that are included."
    )
    quote_documents: bool = Field(
        default=False,
        description="If there is no approved answer, quote the nearest passage of the documents that were "
        "learned, word for word and marked as not verified, if it is near enough.",
    )
    answer_seconds: float = Field(
        default=60.0, gt=0, le=600, description="How many seconds the model may take for one answer."
    )
    streaming: bool = Field(
        default=True,
        description="Show generated answers in Slack and Discord while they are written, "
        "if that takes longer than a second.",
    )
    person_at_once: int = Field(
        default=50, ge=0, description="How many open questions one person may have; 0: no limit."
    )
    person_a_minute: int = Field(
        default=120, ge=0, description="How many questions one person may ask in a minute; 0: no limit."
    )
    channel_at_once: int = Field(
        default=100, ge=0, description="How many open questions one channel may have; 0: no limit."
    )
    channel_a_minute: int = Field(
        default=120,
        ge=0,
        description="How many questions may be asked in one channel in a minute; 0: no limit. Slack shows 60 "
        "answers a minute.",
    )
    workspace_at_once: int = Field(
        default=1000, ge=0, description="How many open questions one workspace may have; 0: no limit."
    )
    workspace_a_minute: int = Field(
        default=1200,
        ge=0,
        description="How many questions may be asked in one workspace in a minute; 0: no limit.",
    )
    busy_seconds: float = Field(
        default=3.0,
        ge=0,
        le=_HOUR,
        description="After about this many seconds without an answer, people are told that the bot is busy; "
        "0: they wait.",
    )
    question_minutes: float = Field(
        default=30.0,
        gt=0,
        le=_YEAR * 24 * 60,
        description="If a question waited longer than this, for instance while the bot was down, the bot says "
        "so and does not answer it.",
    )
    backup_hours: OptionalFloat = Field(
        default=None,
        gt=0,
        le=_YEAR * 24,
        description="How often the daemon makes a backup; fractions are fine, 0.08 is every five minutes. "
        "Empty: never.",
    )
    backup_dir: OptionalPath = Field(
        default=None, description="Folder of those backups. Empty: backups in SUPPORTBOT_HOME."
    )
    backup_keep: int = Field(default=7, ge=1, description="How many of the newest backups are kept.")
    retention_days: OptionalInt = Field(
        default=None,
        ge=1,
        le=_CENTURY,
        description="How many days conversations are kept; approved answers and training rows stay. Empty: "
        "for ever.",
    )
    public_contacts: str = Field(
        default="",
        description="Your own contacts, which redaction leaves in, separated by commas, e.g. "
        "help@shop.example, 0800 555 0142; all others are redacted.",
    )
    web_host: str = Field(default="127.0.0.1", description="Address that the page and the probes listen on.")
    web_port: int = Field(default=8080, ge=0, le=65535, description="Their port; 0: any free one.")
    web_origins: str = Field(
        default="",
        description="Origins under which people open the page from other machines, separated by commas, "
        "e.g. https://help.shop.example for one behind a TLS proxy. Empty: this machine only.",
    )
    console: Literal["auto", "off"] = Field(
        default="auto",
        description="auto: the console is at /console, on this machine and under https origins; off: nowhere.",
    )
    console_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="A separate port for the console, on the same address; 0: the port of the page.",
    )
    oidc_issuer: OptionalText = Field(
        default=None,
        description="Issuer of an OpenID Connect provider with which operators sign in to the console, "
        "e.g. https://login.shop.example/realms/team.",
    )
    oidc_client_id: OptionalText = Field(default=None, description="Client id of the console at that provider.")
    oidc_client_secret: OptionalSecret = Field(default=None, description="Its client secret.")
    oidc_name: OptionalText = Field(
        default=None,
        max_length=60,
        description="Name of that provider on the button for signing in. Empty: the host of the issuer.",
    )
    oidc_scopes: str = Field(
        default="openid profile email", description="The scopes that the bot requests there, separated by spaces."
    )
    oidc_role_claim: OptionalText = Field(
        default=None,
        description="The claim that contains the role, e.g. groups, or realm_access.roles for one inside another.",
    )
    oidc_role_values: str = Field(
        default="",
        description="Which role each value of that claim gives, separated by commas, e.g. "
        "support-leads=admin, support=curator, staff=viewer.",
    )
    slack_sign_in: bool = Field(
        default=False,
        description="Operators sign in to the console with Slack, in a workspace where the bot is installed; "
        "needs SLACK_CLIENT_ID and SLACK_CLIENT_SECRET.",
    )
    console_admins: str = Field(
        default="",
        description="Who is an admin of the console after signing in with a provider, separated by commas: an "
        "e-mail address that the provider has verified, sub:… for the subject, or "
        "slack:T0123:U0456.",
    )
    console_curators: str = Field(default="", description="Who is a curator there, in the same format.")
    console_viewers: str = Field(default="", description="Who is a viewer there, in the same format.")
    language: Language = Field(
        default="en",
        description="Language of the bot's own sentences, if neither a policy nor the platform sets it: en or de.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The lowest level of log lines that is shown."
    )
    log_format: Literal["auto", "text", "json"] = Field(
        default="auto", description="text for people, json for collectors; auto: text on a terminal."
    )
    admins: str = Field(
        default="",
        description="People who may change what the bot answers in a channel, besides admins of the Slack "
        "workspace and managers of the Discord server, separated by commas, e.g. "
        "slack:T0123:U0456, discord:8001:1001.",
    )
    discord_message_content: bool = Field(
        default=False,
        description="Receive all messages in Discord, for channels in which the bot also answers questions "
        "that do not mention it; needs the Message Content intent.",
    )
    slack_http: bool = Field(
        default=False,
        description="Receive Slack events over HTTP at /slack/events instead of Socket Mode; "
        "needs SLACK_SIGNING_SECRET.",
    )
    slack_workspaces: str = Field(
        default="",
        description="Slack workspaces in which the app of SLACK_CLIENT_ID may be installed, separated by commas, "
        "e.g. T0123, T0456. Empty: any.",
    )

    slack_bot_token: OptionalSecret = _named("SLACK_BOT_TOKEN", "Slack bot token (xoxb-…).")  # type: ignore[assignment]
    slack_app_token: OptionalSecret = _named(  # type: ignore[assignment]
        "SLACK_APP_TOKEN", "Slack app-level token (xapp-…) for Socket Mode."
    )
    slack_signing_secret: OptionalSecret = _named(  # type: ignore[assignment]
        "SLACK_SIGNING_SECRET", "Slack signing secret, for HTTP mode."
    )
    slack_client_id: OptionalSecret = _named(  # type: ignore[assignment]
        "SLACK_CLIENT_ID",
        "Client id of a Slack app for many workspaces, instead of SLACK_BOT_TOKEN; or, beside that, for "
        "SUPPORTBOT_SLACK_SIGN_IN.",
    )
    slack_client_secret: OptionalSecret = _named("SLACK_CLIENT_SECRET", "Its client secret.")  # type: ignore[assignment]
    slack_api_url: OptionalText = _named("SLACK_API_URL", "Base of Slack's Web API, if not Slack's own.")  # type: ignore[assignment]
    discord_token: OptionalSecret = _named("DISCORD_TOKEN", "Discord bot token.")  # type: ignore[assignment]
    discord_api_url: OptionalText = _named(  # type: ignore[assignment]
        "DISCORD_API_URL", "Base of Discord's REST API, if not Discord's own."
    )
