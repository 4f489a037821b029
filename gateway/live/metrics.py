"""What the operators see of subscriptions. Served by `gateway/http/metrics.py` with everything else."""

from prometheus_client import Counter, Gauge, Histogram

LIVE_SUBSCRIPTIONS = Gauge("gateway_subscriptions", "Subscriptions that are open in this process.")
LIVE_ANSWERS = Counter("gateway_subscription_answers", "Answers that were put for subscribers to take.")
LIVE_READS = Histogram(
    "gateway_subscription_read_seconds", "Time of reading events for one set of subscribers."
)
