"""Only libraries under licences that we take are installed."""

from __future__ import annotations

from email.message import Message

import pytest

from tests.licences import Library, installed, is_allowed, licence_of, read_rules, refused

TAKEN = ("MIT", "Apache-2.0", "BSD-3-Clause")


def test_every_installed_library_is_under_a_licence_that_we_take() -> None:
    """What is installed says its licence, and it is on the list or an exception with a reason."""
    assert list(refused(installed(), read_rules())) == []


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", True),
        ("(MIT AND GPL-3.0-only) OR BSD-3-Clause", True),
        ("(MIT)", True),
        ("AGPL-3.0-only", False),
        ("none named", False),
        ("", False),
    ],
)
def test_expressions_are_read_as_spdx_means_them(licence: str, allowed: bool) -> None:
    """OR leaves a choice, AND leaves none."""
    assert is_allowed(licence, TAKEN) is allowed


def test_licence_is_found_wherever_a_package_says_it() -> None:
    """The expression comes first, then the classifiers together, then the words."""
    package = Message()
    assert licence_of(package) == "none named"
    package["License"] = "Apache 2.0 License\nand a text"
    assert licence_of(package) == "Apache-2.0"
    package["Classifier"] = "License :: OSI Approved :: MIT License"
    package["Classifier"] = "License :: OSI Approved :: GNU General Public License (GPL)"
    assert licence_of(package) == "GNU General Public License (GPL) AND MIT"
    package["License-Expression"] = "MIT"
    assert licence_of(package) == "MIT"


def test_library_under_another_licence_is_named() -> None:
    """What is not taken is refused, unless somebody said why it may stay."""
    library = Library("sealed", "1.0", "LicenseRef-Proprietary")
    rules = {"allow": TAKEN, "exceptions": {}}
    assert list(refused([library], rules)) == [library]
    assert list(refused([library], {**rules, "exceptions": {"sealed": "It is ours."}})) == []
