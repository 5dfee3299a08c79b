"""The support bot as its adapters see it."""

from supportbot.service.service import Service

__all__ = ["Service"]
