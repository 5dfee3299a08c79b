"""The fast engine on a CPU: continuous batching on OpenVINO's paged attention, in a process of its own.

Importing the library would write a client id into the home folder and report its use. This program reports
nothing: it blocks the reporting part before any other import, and the library has a stub for that.
"""

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
