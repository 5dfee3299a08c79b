"""What the tests of both adapters have, here side by side."""

from tests.e2e.conftest import home

__all__ = ["home"]
