"""Runs the experiment at a larger size and prints its table: which faults were tried how often, and what was found.

make faults                            a few minutes
make faults ARGS="--kills 5000"        more
make faults ARGS=--write               also puts the table into the README
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from support.goose import goose_environment, goose_serve
from support.model import ScriptedModel

from . import campaign, kills, real
from .campaign import Case
from .property import Finding
from .proxy import KINDS
from .run import HANGS, SERVERS, Outcome, Server, experiment

README: Final = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- faults: made by `make faults ARGS=--write` -->", "<!-- /faults -->"

SEVERAL: Final = "several of these in one conversation, at random"
KERNEL: Final = "the kernel is killed (`kill -9`), at a random moment or in the middle of a write"
GOOSE: Final = "goose is killed (`kill -9`) in mid-turn"

COLUMNS: Final = ("serve", "real", "web")


def column_of(kind: Server) -> str:
    """Where a double's runs are counted."""
    return "serve" if kind.startswith("serve") else "web"


class Table:
    """Counts runs and findings by fault and server."""

    def __init__(self) -> None:
        self.runs: Counter[tuple[str, str]] = Counter()
        self.found: Counter[tuple[str, str]] = Counter()
        self.details: list[str] = []

    def played(self, column: str, cases: Sequence[Case], outcomes: Sequence[Outcome]) -> None:
        """Runs with one fault each; those that were over before it could happen do not count."""
        for case, outcome in zip(cases, outcomes, strict=True):
            if case[-1] in outcome.faults or outcome.findings:
                self.add(KINDS[case[-1].kind], column, case, outcome.findings)

    def add(self, row: str, column: str, case: object, findings: Iterable[Finding]) -> None:
        """A run."""
        self.runs[row, column] += 1
        for kind in {finding.kind for finding in findings}:
            self.found[row, kind] += 1
        self.details += [f"{column}: {case}: {finding.kind}: {finding.text}" for finding in findings]

    def markdown(self) -> str:
        """The table."""
        lines = [
            "| what goes wrong | `goose serve` | the real goose | `goose web` | lost | doubled | untold |",
            "|---|--:|--:|--:|--:|--:|--:|",
        ]
        for row in [*KINDS.values(), SEVERAL, KERNEL, GOOSE]:
            runs = [f"{self.runs[row, column]:,}" if self.runs[row, column] else "" for column in COLUMNS]
            found = [str(self.found[row, kind]) for kind in ("loss", "double", "untold")]
            lines.append(f"| {' | '.join([row, *runs, *found])} |")
        total = [f"**{sum(n for (_, each), n in self.runs.items() if each == column):,}**" for column in COLUMNS]
        found = [
            f"**{sum(n for (_, each), n in self.found.items() if each == kind)}**"
            for kind in ("loss", "double", "untold")
        ]
        return "\n".join([*lines, f"| {' | '.join(['**runs, findings**', *total, *found])} |"])


async def doubles(table: Table, folder: Path, *, hangs: bool) -> None:
    """Every kind of fault at every message, against the doubles."""
    for kind in SERVERS:
        faults = sorted(HANGS) if hangs else campaign.INSTANT
        cases = campaign.at_every_message(kind, *faults)
        table.played(column_of(kind), cases, await campaign.play_against(kind, cases, folder / kind))
        say(f"{kind}: {', '.join(faults)}")


async def real_goose(table: Table, environment: dict[str, str], folder: Path, *, hangs: bool) -> None:
    """Every kind of fault at every message, against the real goose."""
    with goose_serve(environment) as goose:
        whole, messages = await real.undisturbed(goose, folder / "whole")
        points = range(1, messages + 1)
        kinds = sorted(HANGS) if hangs else campaign.INSTANT
        cases = [campaign.at(kind, number) for kind in kinds for number in points]
        outcomes = await campaign.play(
            cases, lambda case, own: real.against(goose, case, own, whole), folder / "runs", together=6
        )
    table.played("real", cases, outcomes)
    say(f"the real goose: {', '.join(kinds)}")


async def killing(table: Table, environment: dict[str, str], count: int, seed: int, folder: Path) -> None:
    """Kernels and geese."""
    chance = random.Random(seed)
    moments = [*kills.STEPS, *(kills.draw(chance) for _ in range(count))]
    parts: list[tuple[Server, list[kills.Kill]]] = [("serve", moments[::2]), ("web late", moments[1::2])]
    for kind, part in parts:
        for each in await kills.many(part, folder / kind, kinds=(kind,)):
            table.add(KERNEL, column_of(kind), each.kill, each.findings)
    say(f"kernels: {len(moments)}")
    for number in range(10):
        found = await real.killed(environment, folder / f"goose{number}", words=chance.randint(1, 60))
        table.add(GOOSE, "real", number, found)
    say("geese: 10")


def say(text: str) -> None:
    """On the way; the table alone is the output."""
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Run it all. Returns 1 if anything was lost, doubled or untold."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=500, help="kernels to kill")
    parser.add_argument("--sequences", type=int, default=100, help="sequences of faults to draw for each server")
    parser.add_argument("--seed", type=int, default=None, help="of the kills; printed otherwise")
    parser.add_argument("--write", action="store_true", help="put the table into the README")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**32)
    say(f"seed of the kills: {seed}")
    table = Table()
    with tempfile.TemporaryDirectory(prefix="faults-") as name, ScriptedModel() as model:
        folder = Path(name)
        environment = goose_environment(folder / "goose", model.url)
        with experiment():
            asyncio.run(doubles(table, folder / "doubles", hangs=False))
            asyncio.run(real_goose(table, environment, folder / "real", hangs=False))
            asyncio.run(killing(table, environment, options.kills, seed, folder / "kills"))
        with experiment(hangs=True):
            asyncio.run(doubles(table, folder / "hanging", hangs=True))
            asyncio.run(real_goose(table, environment, folder / "really hanging", hangs=True))
            for kind in SERVERS:
                for outcome in filter(lambda each: each.faults, campaign.draw(kind, options.sequences)):
                    table.add(SEVERAL, column_of(kind), outcome.faults, outcome.findings)
                say(f"{kind}: sequences")
    print(table.markdown())
    for detail in table.details:
        say(detail)
    if options.write:
        head, rest = README.read_text(encoding="utf-8").split(BEGIN)
        README.write_text(f"{head}{BEGIN}\n{table.markdown()}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    return 1 if table.found else 0


if __name__ == "__main__":
    sys.exit(main())
