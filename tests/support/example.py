"""Records the session that notebooks/replay.ipynb replays: the real goose at work on notebooks/sales.csv.

Only the model is scripted. What it decides is below; goose runs it, and what comes of it is what is recorded.

    cd tests && python -m support.example
"""

from __future__ import annotations

import csv
import shutil
import tempfile
import time
from pathlib import Path

from goose_widget import Chat
from support.goose import goose_environment, goose_serve
from support.installed import ROOT
from support.model import Call, Json, Reply, ScriptedModel, current_turn, is_title_request, shell, words

NOTEBOOKS = ROOT / "notebooks"
RECORDING = NOTEBOOKS / "recording.jsonl"
FOLDER = "/home/ada/sales"  # what the recording says in place of the folder it was made in

QUESTION = "What is in sales.csv?"
TASK = "Plot the revenue of each month."

PLOT = '''\
"""A bar chart of the revenue of each month, with nothing but the standard library."""
import collections, csv, struct, zlib

revenue = collections.Counter()
for row in csv.DictReader(open("sales.csv")):
    revenue[row["month"]] += float(row["revenue"])

width, height, step = 480, 240, 480 // len(revenue)
pixels = [bytearray(b"\\xff\\xff\\xff" * width) for _ in range(height)]
for place, value in enumerate(revenue.values()):
    top = height - 10 - int(value / max(revenue.values()) * (height - 20))
    for y in range(top, height - 10):
        for x in range(place * step + 6, (place + 1) * step - 6):
            pixels[y][3 * x : 3 * x + 3] = b"\\x2f\\x6f\\xb5"

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

with open("revenue.png", "wb") as file:
    file.write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)))
    file.write(chunk(b"IDAT", zlib.compress(b"".join(b"\\0" + row for row in pixels), 9)) + chunk(b"IEND", b""))

for month, value in revenue.items():
    print(f"{month} {value:9,.2f}")
'''


def decide(request: Json) -> Reply:
    """The model: what it says and calls next, by the prompt and by how many tools have run since."""
    if is_title_request(request):
        return Reply(text=["Sales of a year"])
    prompt, results = current_turn(request["messages"])
    replies = {QUESTION: question, TASK: task}.get(prompt, lambda: [Reply(text=["I have no script for that."])])()
    reply = replies[min(len(results), len(replies) - 1)]
    return Reply(text=reply.text, thought=reply.thought, calls=reply.calls, pause=0.02)


def question() -> list[Reply]:
    return [
        Reply(
            thought=words("A CSV file. Its first lines and its length will tell what is in it."),
            text=words("I'll look at its first lines."),
            calls=[shell("head -n 5 sales.csv && wc -l < sales.csv")],
        ),
        Reply(
            text=words(
                "`sales.csv` holds **96 sales** of one year, one a line:\n\n"
                "| column | what it is |\n|---|---|\n"
                "| `month` | `2025-01` to `2025-12` |\n| `product` | one of four |\n"
                "| `units` | how many were sold |\n| `revenue` | in euros |\n"
            )
        ),
    ]


def task() -> list[Reply]:
    return [
        Reply(
            text=words("I'll write a small script for it, and look at the result."),
            calls=[Call("write", {"path": "plot.py", "content": PLOT})],
        ),
        Reply(calls=[shell("python3 plot.py")]),
        Reply(calls=[Call("read_image", {"source": "revenue.png"})]),
        Reply(
            text=words(
                "The chart is in `revenue.png`. Revenue grows through the year; the best month is **December**:\n\n"
                "```python\nimport pandas as pd\n\n"
                'pd.read_csv("sales.csv").groupby("month").revenue.sum().plot.bar()\n```\n\n'
                "would draw the same with pandas."
            )
        ),
    ]


def write_sales(path: Path) -> None:
    """The data: made up, the same every time."""
    products = [("bread", 3.2), ("coffee", 8.5), ("honey", 6.9), ("tea", 4.4)]
    with path.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["month", "product", "units", "revenue"])
        for month in range(1, 13):
            for half in range(2):
                for number, (product, price) in enumerate(products):
                    units = 40 + 5 * month + (17 * month + 29 * number + 11 * half) % 23
                    table.writerow([f"2025-{month:02}", product, units, f"{units * price:.2f}"])


def main() -> None:
    write_sales(NOTEBOOKS / "sales.csv")
    with tempfile.TemporaryDirectory() as name, ScriptedModel(script=decide) as model:
        folder = Path(name).resolve()
        work = folder / "work"
        work.mkdir()
        shutil.copy(NOTEBOOKS / "sales.csv", work)
        with goose_serve(goose_environment(folder, model.url, mode="approve")) as goose:
            chat = Chat(server=goose.url, token=goose.key, cwd=work, store=folder / "store", on_permission="allow")
            for prompt in (QUESTION, TASK):
                print(chat.ask(prompt, timeout=60))
                time.sleep(1.0)  # the title comes a moment later
            chat.close()
        (recorded,) = (folder / "store").glob("*.jsonl")
        text = recorded.read_text(encoding="utf-8")
        for found, written in ((str(work), FOLDER), (goose.url, "this computer"), (str(folder), "/home/ada")):
            text = text.replace(found, written)
    RECORDING.write_text(text, encoding="utf-8")
    print(f"{RECORDING.relative_to(ROOT)}: {len(text) // 1024} KB")


if __name__ == "__main__":
    main()
