"""Which version answers: promotion with evidence, rollback in seconds, retirement, and who decided.

Where it is written which version is live depends on the database (``truth``): with SQLite the registry's file
says it (``in_file``), on PostgreSQL, which machines share, the rows do (``in_database``). An audit row says who
decided, and each version has a status.

It neither trains nor measures: the evaluation comes with the version's manifest.
"""

from supportbot.models.publishing.checks import LEAST_RIGHT, EvidenceError
from supportbot.models.publishing.lineage import Training, Verdict, VersionReport, VersionSummary
from supportbot.models.publishing.publishing import Publishing, Switch
from supportbot.models.publishing.statuses import check_name_is_free

__all__ = [
    "LEAST_RIGHT",
    "EvidenceError",
    "Publishing",
    "Switch",
    "Training",
    "Verdict",
    "VersionReport",
    "VersionSummary",
    "check_name_is_free",
]
