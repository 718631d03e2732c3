"""Judges what Wharf makes of descriptions: `run` says how it is called."""

import sys
from collections import Counter

import fetch
import hostile
import importing
import sending

STAGES = ["import", "send", "hostile"]
# Of all operations: those of which nothing is lost, and those whose input is held to less besides.
CARRIED, WORKING = 0.95, 0.97
# Of the requests of a description that are sent.
ACCEPTED = 0.97


def main(words: list[str]) -> int:
    stages = [word for word in words if word in STAGES] or STAGES
    apis = [word for word in words if word not in STAGES]
    if unknown := [api for api in apis if api not in fetch.LISTED["descriptions"]]:
        raise SystemExit(f"neither a stage nor a description: {', '.join(unknown)}")
    plugins = fetch.GENERATED / "plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    if {"import", "send"} & set(stages):
        descriptions = fetch.descriptions(apis)
    if "import" in stages:
        wrong += tell_imported(importing.import_all(descriptions, plugins))
    if "send" in stages:
        made = [one for one in descriptions if (plugins / one.plugin / f"{one.plugin}.wasm").exists()]
        wrong += tell_sent(sending.send(made, plugins))
    if "hostile" in stages:
        wrong += hostile.judge()
    for one in wrong:
        print(f"✗ {one}", file=sys.stderr)
    return 1 if wrong else 0


def tell_imported(totals: dict[str, importing.Imported]) -> list[str]:
    print("--- imports")
    print("                operations  carried  relaxed  lost left out  new s build s describe s   MiB")
    whole = importing.Imported()
    wrong = []
    for api, total in totals.items():
        row(api, total)
        wrong += total.wrong
        listed = fetch.LISTED["descriptions"][api]
        if total.carried < (least := listed.get("carried", 0)):
            wrong.append(f"{api}: {total.carried:.1%} are carried over, which should be {least:.0%}")
        for command, most in listed.get("seconds", {}).items():
            if (taken := getattr(total, command)) > most:
                wrong.append(f"{api}: `wharf {command}` takes {taken:.1f} s of a processor, and {most} s are the most")
        whole.operations += total.operations
        whole.outcomes += total.outcomes
        whole.rules += total.rules
        whole.new += total.new
        whole.build += total.build
        whole.describe = max(whole.describe, total.describe)
        whole.mebibytes = max(whole.mebibytes, total.mebibytes)
    row("all", whole)
    for (outcome, rule), number in sorted(whole.rules.items(), key=lambda one: (importing.OUTCOMES.index(one[0][0]), -one[1])):
        print(f"  {outcome:9}{number:6}  {rule}")
    if whole.carried < CARRIED:
        wrong.append(f"{whole.carried:.1%} of all operations are carried over, which should be {CARRIED:.0%}")
    if whole.working < WORKING:
        wrong.append(f"{whole.working:.1%} of all operations lose nothing but checks, which should be {WORKING:.0%}")
    return wrong


def row(name: str, one: importing.Imported):
    parts = one.outcomes
    print(
        f"{name:16}{one.operations:10}{one.carried:9.1%}{parts['relaxed']:9}{parts['lost']:6}{parts['left-out']:9}"
        f"{one.new:7.1f}{one.build:8.1f}{one.describe:11.2f}{one.mebibytes:6.0f}"
    )


def tell_sent(totals: dict[str, sending.Sent]) -> list[str]:
    print("--- requests that Prism accepts")
    wrong = []
    for api, total in totals.items():
        share = total.accepted / max(1, total.judged)
        print(
            f"{api:16}{total.accepted:4} of {total.judged:4}{share:8.1%}"
            + (f", {len(total.faults)} not judged" if total.faults else "")
        )
        for why, names in by_cause(total.refused).items():
            print(f"  ✗ {len(names):3} {why[:200]}\n        {', '.join(names[:4])}")
        for why, names in by_cause(total.faults).items():
            print(f"  ? {len(names):3} {why[:200]}\n        {', '.join(names[:4])}")
        if share < ACCEPTED:
            wrong.append(f"{api}: Prism accepts {share:.1%} of the requests, which should be {ACCEPTED:.0%}")
    return wrong


def by_cause(refused: list[tuple[str, str]]) -> dict[str, list[str]]:
    """The operations by what happened to them, what happened most first."""
    counted = Counter(why for _, why in refused)
    return {why: [name for name, other in refused if other == why] for why, _ in counted.most_common()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
