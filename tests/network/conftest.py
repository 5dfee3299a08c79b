"""What the tests of both adapters have, here side by side."""

from tests.e2e.conftest import home, prepared_home

__all__ = ["home", "prepared_home"]
