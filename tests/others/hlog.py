"""A run's latency.hlog as HdrHistogram's own reader for Python sees it.

    /usr/bin/python3 hlog.py FOLDER-OF-MODULES latency.hlog

Prints a line of JSON for each histogram: its tag, how many values it holds, and percentiles in ns.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])
try:
    from hdrh.histogram import HdrHistogram
    from hdrh.log import HistogramLogReader
except ImportError:
    sys.exit("the Python package hdrhistogram is missing: run scripts/test, which installs it")

LONGEST_NS = 3_600_000_000_000

reader = HistogramLogReader(sys.argv[2], HdrHistogram(1, LONGEST_NS, 3))
while (histogram := reader.get_next_interval_histogram()) is not None:
    print(json.dumps({
        "tag": histogram.tag,
        "count": histogram.get_total_count(),
        "p50": histogram.get_value_at_percentile(50),
        "p90": histogram.get_value_at_percentile(90),
        "p99": histogram.get_value_at_percentile(99),
    }))
