"""Settings: what can be set (``fields``), what follows (``settings``), and where it is read from (``loading``)."""

from supportbot.config.fields import PREFIX
from supportbot.config.loading import ENV_FILE, adopt_standard, env_name, load_settings, look_at_settings
from supportbot.config.settings import Settings

__all__ = ["ENV_FILE", "PREFIX", "Settings", "adopt_standard", "env_name", "load_settings", "look_at_settings"]
