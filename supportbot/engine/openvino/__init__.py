"""The fast engine on a CPU: continuous batching on OpenVINO's paged attention, in a process of its own.

Importing the library would write a client id into the home folder and report its use. This program reports
nothing: it blocks the reporting part before any other import, and the library has a stub for that. It also
blocks the converter of other formats, which the library can do without: our graphs are built by hand, and
importing the converter took a quarter of the processor time of all imports of the model's process.
"""

import sys

for part in ("openvino_telemetry", "openvino.tools.ovc"):
    sys.modules.setdefault(part, None)  # type: ignore[arg-type]
