"""Which version answers: promotion with evidence, rollback in seconds, retirement, and who decided.

The registry's file is the truth about what is live; the database holds the evidence: an audit row for each
decision and a status for each version. A promotion is written there first and then switched, so none goes
unrecorded; a rollback switches first, so that it works while the database is down. Where a crash came in between,
the next call finds that the two differ, corrects the statuses, and says so in the audit.

It neither trains nor measures: the evaluation comes with the version's manifest.
"""

from supportbot.models.publishing.checks import LEAST_RIGHT, EvidenceError
from supportbot.models.publishing.lineage import Training, Verdict, VersionReport, VersionSummary
from supportbot.models.publishing.publishing import Publishing, Switch
from supportbot.models.publishing.statuses import ModelStatus, check_name_is_free

__all__ = [
    "LEAST_RIGHT",
    "EvidenceError",
    "ModelStatus",
    "Publishing",
    "Switch",
    "Training",
    "Verdict",
    "VersionReport",
    "VersionSummary",
    "check_name_is_free",
]
