"""A CSV file of a run as pandas reads it without being told anything.

    /usr/bin/python3 frames.py FOLDER-OF-MODULES FILE.csv

Prints a line of JSON: the number of rows, and by column its type, the number of its values and
their sum, where they are numbers. Of a summary also the medians, a row a cell.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])
try:
    import pandas
    from pandas.api.types import is_bool_dtype, is_numeric_dtype
except ImportError:
    sys.exit("the Python package pandas is missing: run scripts/test, which installs it")


def kind(column):
    if column.isna().all():
        return "empty"
    if is_bool_dtype(column):
        return "true or false"
    return "number" if is_numeric_dtype(column) else "text"


frame = pandas.read_csv(sys.argv[2])
columns = {
    name: {
        "kind": kind(frame[name]),
        "count": int(frame[name].count()),
        "sum": float(frame[name].sum()) if kind(frame[name]) == "number" else None,
    }
    for name in frame.columns
}
told = {"rows": len(frame), "columns": columns}
if "metric" in frame.columns:
    wide = frame.pivot(index="cell", columns="metric", values="median")
    told["medians"] = wide.to_dict("index")
print(json.dumps(told).replace("NaN", "null"))
