"""What `scripts/bench.py zoo`, `agree` and `fixes` print about the zoo.

detected   a sick program has at least one FAIL
diagnosed  a code that names one of its kinds of fault is among the first three problems
alarm      a healthy program, or the twin of a sick one, has a FAIL that is not true of it
"""

from __future__ import annotations

import collections
import functools
import json
import statistics
from pathlib import Path

from zoo import registry, run


def fails(out, allowed=frozenset()):
    """Codes of the FAILs that are not true of the program."""
    return [
        p["code"]
        for p in out.get("problems", ())
        if p["status"] == "fail" and p["code"] not in allowed
    ]


def judge(rows):
    """Return the summary and the lists behind it."""
    count, missed, wrong, alarms = collections.Counter(), [], [], []
    warned, crashes = collections.Counter(), []
    for row in rows:
        entry, out = registry.entry(row["name"]), row["out"]
        if "crash" in out or out["errors"]:
            crashes.append(f"{row['name']}: {out.get('crash') or out['errors'][0]}")
        problems = out.get("problems", [])
        if row["sick"]:
            count["sick"] += 1
            names = registry.naming(entry.kinds)
            right = any(p["code"] in names for p in problems[:3])
            count["detected"] += bool(fails(out))
            count["diagnosed"] += right
            shown = f"{row['name']} ({entry.kinds[0]}): {codes(problems) or 'silent'}"
            if not fails(out):
                missed.append(shown)
            elif not right:
                wrong.append(f"{shown}, wanted {' '.join(sorted(names))}")
            continue
        count["healthy"] += 1
        found = fails(out, registry.naming(entry.allows))
        if found:
            alarms.append(f"{row['name']}: {' '.join(found)}")
        soft = [p["code"] for p in problems if p["status"] == "warn"]
        count["warns"] += len(soft)
        warned.update(soft)
    seconds = [r["out"]["check_s"] for r in rows if "check_s" in r["out"]]
    summary = {
        "sick": count["sick"],
        "detected": share(count["detected"], count["sick"]),
        "diagnosed": share(count["diagnosed"], count["sick"]),
        "healthy": count["healthy"],
        "alarms": share(len(alarms), count["healthy"]),
        "warns_per_healthy": round(count["warns"] / max(count["healthy"], 1), 2),
        "top_warnings": dict(warned.most_common(8)),
        "crashes": len(crashes),
        "check_seconds_median": round(statistics.median(seconds), 1) if seconds else None,
        "check_seconds_max": max(seconds, default=None),
    }
    lists = {
        "not what they claim to be": pretenders(rows),
        "missed": missed,
        "detected but not named": wrong,
        "false alarms": alarms,
        "crashes": crashes,
    }
    return summary, lists


def pretenders(rows):
    """Healthy programs that train badly, and sick ones no worse than their twins."""
    scores = {(r["name"], r["seed"], r["sick"]): r["out"].get("score") for r in rows}
    found = []
    for (name, seed, sick), score in scores.items():
        entry, twin = registry.entry(name), scores.get((name, seed, False))
        if score is None or (not sick and score >= entry.least):
            continue
        if not sick:
            found.append(f"{name} seed {seed}: healthy and scores {score:.3f} < {entry.least}")
        elif twin is not None and score > twin - entry.margin:
            found.append(f"{name} seed {seed}: sick {score:.3f}, healthy {twin:.3f}")
    return found


def share(part, whole):
    """A share as a number of three digits."""
    return round(part / max(whole, 1), 3)


def codes(problems):
    """Codes with `!` for FAIL and `?` for WARN."""
    return " ".join(p["code"] + ("!" if p["status"] == "fail" else "?") for p in problems)


def by_kind(rows):
    """Detected and diagnosed by the main kind of fault."""
    found = collections.defaultdict(lambda: [0, 0, 0])
    for row in rows:
        if not row["sick"]:
            continue
        entry, out = registry.entry(row["name"]), row["out"]
        names, problems = registry.naming(entry.kinds), out.get("problems", [])
        tally = found[entry.kinds[0]]
        tally[0] += 1
        tally[1] += bool(fails(out))
        tally[2] += any(p["code"] in names for p in problems[:3])
    return {k: tuple(v) for k, v in sorted(found.items())}


def zoo(argv):
    """Run `check` and `fit` on the zoo and print how well the faults were told."""
    backend, wanted = run.prepare(), run.arguments(zoo.__doc__, argv)
    todo, rows = run.chosen("examine", wanted, backend), []

    def seen(job, out):
        rows.append({"name": job[1], "sick": job[2], "seed": job[3], "out": out})
        if not wanted.quiet:
            said = out.get("crash") or codes(out["problems"])
            kind = "sick" if job[2] else "well"
            print(f"{len(rows):4d}/{len(todo)} {kind} {job[1]} {said}", flush=True)
        if wanted.out:  # whatever happens, what was measured stays
            wanted.out.write_text(json.dumps({"backend": backend, "rows": rows}))

    jobs = {"examine": functools.partial(run.examine, budget=wanted.budget)}
    run.run(todo, jobs, workers=wanted.jobs, limit=wanted.limit, seen=seen)
    summary, lists = judge(rows)
    for title, lines in lists.items():
        print(f"\n{title}: {len(lines)}")
        print("\n".join(f"  {line}" for line in sorted(lines)))
    print("\nby kind (sick, detected, diagnosed):")
    for kind, tally in by_kind(rows).items():
        print(f"  {kind}: {tally[0]}, {tally[1]}, {tally[2]}")
    print(json.dumps({"backend": backend, **summary}, indent=1))
    if wanted.out:
        data = {"backend": backend, "summary": summary, "rows": rows}
        wanted.out.write_text(json.dumps(data, indent=1))


def agree(argv):
    """Compare the files that `zoo --out` wrote on several backends."""
    runs = {}
    for path in argv:
        data = json.loads(Path(path).read_text())
        runs[data["backend"]] = {
            (r["name"], r["sick"], r["seed"], code): status
            for r in data["rows"]
            for code, status in r["out"].get("statuses", {}).items()
        }
    if len(runs) < 2:
        print("Give two or more files written by `zoo --out` on different backends.")
        return
    shared = set.intersection(*map(set, runs.values()))
    apart = sorted(key for key in shared if len({r[key] for r in runs.values()}) > 1)
    for key in apart:
        said = ", ".join(f"{backend} {verdicts[key]}" for backend, verdicts in runs.items())
        print(f"{'sick' if key[1] else 'well'} {key[0]} seed {key[2]} {key[3]}: {said}")
    grave = [k for k in apart if "fail" in {r[k] for r in runs.values()}]
    print(
        f"{len(shared)} pairs of program and check on {', '.join(runs)}: "
        f"{share(len(shared) - len(apart), len(shared)):.1%} agree; {len(grave)} of the "
        f"{len(apart)} disagreements have a FAIL on one side"
    )


def fixes(argv):
    """Apply the first problem's fix to every sick program and look again."""
    backend, wanted = run.prepare(), run.arguments(fixes.__doc__, argv)
    todo, rows = run.chosen("mend", wanted, backend, ["sick"]), []

    def seen(job, out):
        rows.append({"name": job[1], "seed": job[3], "out": out})
        print(f"{job[1]} {_mended(out)}", flush=True)
        if wanted.out:
            wanted.out.write_text(json.dumps({"backend": backend, "rows": rows}))

    jobs = {"mend": functools.partial(run.mend, budget=wanted.budget)}
    run.run(todo, jobs, workers=wanted.jobs, limit=wanted.limit, seen=seen)
    found = [row["out"] for row in rows]
    failing, tried = [o for o in found if o.get("fails")], [o for o in found if o.get("fixed")]
    gone = [o for o in tried if o["fixed"] not in o["after"]]
    tally = collections.Counter((o["fixed"], o in gone) for o in tried)
    for code in sorted({code for code, _ in tally}):
        there, away = tally[code, False], tally[code, True]
        print(f"  {code}: gone in {away} of {away + there}")
    print(
        f"{backend}: {len(found)} sick programs, {len(failing)} with a FAIL, {len(tried)} with "
        f"a fix that can be applied ({sum(o['fitted'] for o in tried)} of these found by the "
        f"fit); the FAIL vanished in {len(gone)} ({share(len(gone), len(tried)):.1%} of the "
        f"applied, {share(len(gone), len(failing)):.1%} of the failing), all FAILs in "
        f"{sum(not o['after'] for o in tried)}; another check's verdict became a FAIL in "
        f"{sum(bool(o['touched']) for o in tried)}"
    )


def _mended(out):
    """Return what a fix did, in one line."""
    if "crash" in out:
        return out["crash"]
    if not out["fixed"]:
        return out.get("refused") or f"no fix to apply; FAILs: {' '.join(out['fails'])}"
    gone = "gone" if out["fixed"] not in out["after"] else f"still there ({out['message']})"
    left = f" Left: {' '.join(out['after'])}." if out["after"] else ""
    new = f" Touched: {' '.join(out['touched'])}." if out["touched"] else ""
    return f"{out['fixed']} {gone}: {out['text']}{left}{new}"
