"""Frames between the daemon and the process of the model."""

from __future__ import annotations

import pytest

from supportbot.engine.openvino.messages import (
    HEADER_BYTES,
    MOST_BYTES,
    Cancel,
    Command,
    Expect,
    Failed,
    Load,
    Loaded,
    Piece,
    Report,
    Stop,
    Submit,
    Tokens,
    frame_length,
    pack,
    unpack_command,
    unpack_report,
)

SUBMIT = Submit(7, (1, 2), 0, 200, 0.8, 0.95, 50, 1.2, True, 2**64 - 1)


@pytest.mark.parametrize(
    "command",
    [Load("x", "int8", 8, 2, 400, 256, (5, 6), 4), SUBMIT, Cancel(3), Expect([(5, 6), ()], anew=True), Stop()],
)
def test_commands_arrive_as_they_were_sent(command: Command) -> None:
    """What the daemon says is what the process hears, the largest seed included."""
    frame = pack(command)
    assert frame_length(frame[:HEADER_BYTES]) == len(frame) - HEADER_BYTES
    assert unpack_command(frame[HEADER_BYTES:]) == command


@pytest.mark.parametrize(
    "report",
    [
        Loaded("bf16", 0.3),
        Tokens([Piece(1, (5,), (-0.25,), None), Piece(2, (), (), "stop")], 12.5),
        Failed(None, "x"),
    ],
)
def test_reports_arrive_as_they_were_sent(report: Report) -> None:
    """What the process says is what the daemon hears."""
    assert unpack_report(pack(report)[HEADER_BYTES:]) == report


@pytest.mark.parametrize(
    "body", [b"", b"garbage", pack(Stop())[HEADER_BYTES:-1], pack(Loaded("x", 1))[HEADER_BYTES:]]
)
def test_what_is_no_command_is_refused(body: bytes) -> None:
    """Bytes of something else are an error, never half a command."""
    with pytest.raises(ValueError, match=r"."):
        unpack_command(body)


def test_a_frame_that_is_none_of_ours_is_refused() -> None:
    """A length that no frame of ours has is told before anything is read."""
    with pytest.raises(ValueError, match="none of ours"):
        frame_length((MOST_BYTES + 1).to_bytes(HEADER_BYTES, "big"))
