"""The figures that the daemon counts, in Prometheus' conventions.

The collectors live in the library's default registry, created at import as the library expects.
"""

from prometheus_client import Counter, Gauge, Histogram

QUESTIONS = Counter("supportbot_questions", "Questions committed to the inbox.", ["platform"])
REDELIVERIES = Counter("supportbot_redeliveries", "Events that were delivered again and ignored.", ["platform"])
ANSWERS = Counter("supportbot_answers", "Answers written.", ["platform", "source"])
FAILURES = Counter("supportbot_failures", "Questions that ended without an answer.", ["platform", "reason"])
REFUSALS = Counter("supportbot_refusals", "Questions refused because of a limit.", ["platform", "reason"])
EXPLANATIONS = Counter("supportbot_explanations", "Explanations given after a thumbs-down.", ["reason"])
VOTES = Counter("supportbot_votes", "Votes given, changed ones included.", ["vote"])
HANDOFFS_OPEN = Gauge("supportbot_handoffs_open", "Hand-offs that nobody has answered yet.")
HANDOFF_SECONDS = Histogram(
    "supportbot_handoff_first_reply_seconds",
    "Seconds from a hand-off to the first answer of a person.",
    buckets=(60, 300, 900, 3600, 4 * 3600, 24 * 3600, 72 * 3600),
)
DELIVERIES = Counter("supportbot_deliveries", "Attempts to deliver a reply.", ["platform", "outcome"])
STREAMS = Counter("supportbot_streams", "Answers that were shown while they were written.", ["platform"])
CONNECTED = Gauge("supportbot_connected", "1 if the platform is connected, else 0.", ["platform"])
RECONNECTS = Counter(
    "supportbot_reconnects",
    "Connections that were opened again: the platform asked for it, or they were lost, silent or stuck.",
    ["platform", "reason"],
)
ANSWER_TOKENS = Counter("supportbot_answer_tokens", "Tokens that the model generated.")
ANSWER_SECONDS = Histogram(
    "supportbot_answer_seconds",
    "Seconds from the question's arrival to its answer in the database.",
    ["platform"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120),
)
WORKING = Gauge("supportbot_questions_in_work", "Questions that are being answered now.")
TOKENS_PER_SECOND = Gauge(
    "supportbot_tokens_per_second", "Tokens per second while answers were written, recently."
)
TASKS = Gauge("supportbot_tasks", "Tasks of the event loop, including open connections.")
TRIAL_RUNNING = Gauge("supportbot_trial_running", "1 if a candidate is loaded beside the live model, else 0.")
TRIAL_REFUSALS = Counter("supportbot_trial_refusals", "Candidates of trials that could not be loaded.")
TRIAL_ANSWERS = Counter("supportbot_trial_answers", "Answers of a model while a trial ran.", ["arm"])
LAST_BACKUP = Gauge(
    "supportbot_backup_last_success_timestamp_seconds",
    "When the newest scheduled backup was made, in seconds since 1970; 0 if there is none.",
)
LOOP_LAG = Histogram(
    "supportbot_event_loop_lag_seconds",
    "How late the event loop ran a timer, in seconds.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1),
)
