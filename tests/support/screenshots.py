"""Makes the README's pictures from the running widget: the real goose and a real JupyterLab, a scripted model.

cd tests && python -m support.screenshots      # writes notebooks/screenshots/*.png
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from browser.chat import CHAT, ChatView
from support import browser as browsers
from support.goose import goose_environment
from support.installed import ROOT
from support.jupyter import Notebook, Server, jupyter_server
from support.model import Call, Json, Reply, ScriptedModel, current_turn, is_title_request, words

PICTURES = ROOT / "notebooks" / "screenshots"

SALES = "region,year,sales\nnorth,2024,120\nnorth,2025,180\nsouth,2024,210\nsouth,2025,231\n"

ANSWER = """\
**North** grew fastest: from 120 to 180, by 50 %.

```python
import pandas as pd

sales = pd.read_csv("sales.csv").pivot(index="region", columns="year", values="sales")
(sales[2025] / sales[2024] - 1).sort_values(ascending=False)
```

| region | 2024 | 2025 | growth |
|---|---:|---:|---:|
| north | 120 | 180 | **50 %** |
| south | 210 | 231 | 10 % |
"""


BEFORE = """\
def growth(sales):
    first, last = sales[0], sales[-1]
    return last / first - 1
"""

AFTER = """\
def growth(sales, *, percent=False):
    first, last = sales[0], sales[-1]
    rate = last / first - 1
    return 100 * rate if percent else rate
"""


def script(request: Json) -> Reply:
    prompt, results = current_turn(request["messages"])
    if is_title_request(request):
        return Reply(text=["Sales by region"])
    if prompt.startswith("Which"):
        if not results:
            return Reply(
                thought=words("The file is small: read it."), calls=[Call("shell", {"command": "cat sales.csv"})]
            )
        return Reply(text=words(ANSWER))
    if prompt.startswith("Count"):
        change = {"path": "growth.py", "before": BEFORE, "after": AFTER}
        return Reply(text=["Done."]) if results else Reply(calls=[Call("edit", change)])
    return Reply(
        calls=[Call("shell", {"command": "mkdir -p report\npython3 plot.py --by region --out report/growth.png"})]
    )


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, ScriptedModel(script=script) as model:
        environment = goose_environment(Path(folder) / "goose", model.url)
        with jupyter_server(Path(folder) / "jupyter", environment) as server, sync_playwright() as playwright:
            options = browsers.launch_options()
            chromium = playwright.chromium.launch(**{**options, "args": [*options["args"], "--no-sandbox"]})
            for theme in ("light", "dark"):
                choose_theme(server, theme)
                picture(server, chromium, theme)
            details(server, chromium)
            chromium.close()


def choose_theme(server: Server, theme: str) -> None:
    """Which pages that are opened from now on have."""
    settings = server.root.parent / "settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings"
    settings.write_text(json.dumps({"theme": f"JupyterLab {theme.title()}"}))


def picture(server: Server, chromium: Browser, theme: str) -> None:
    page = chromium.new_page(viewport={"width": 960, "height": 1100}, device_scale_factor=1.5)
    path = server.write(f"{theme}/analysis.ipynb", [CHAT.format("GooseChat(height=800)"), ""])
    with server.kernel(path):
        notebook = Notebook(server, page, path)
        (notebook.folder / "sales.csv").write_text(SALES)
        notebook.open()
        page.get_by_role("tab", name="File Browser").click()  # closes it
        notebook.run(0)
        chat = ChatView(notebook.output(0))
        chat.expect_status("Ready")
        chat.ask("Which region grew fastest in sales.csv?", "50 %")
        chat.mode.select_option("approve")
        chat.send("Plot it for the report")
        expect(chat.button("Allow once")).to_be_visible()
        page.mouse.move(0, 0)
        notebook.cell(0).screenshot(path=PICTURES / f"{theme}.png")
    page.close()


def details(server: Server, chromium: Browser) -> None:
    """A question, a change and a plan for themselves, and the whole chat on a narrow page."""
    choose_theme(server, "light")
    page = chromium.new_page(viewport={"width": 1300, "height": 1100}, device_scale_factor=1.5)
    cells = [CHAT.format("GooseChat(height=760)"), CHAT.format('GooseChat(server="demo")'), ""]
    path = server.write("details/analysis.ipynb", cells)
    with server.kernel(path):
        notebook = Notebook(server, page, path)
        (notebook.folder / "growth.py").write_text(BEFORE)
        notebook.open()
        page.get_by_role("tab", name="File Browser").click()  # closes it
        notebook.run(0)
        chat = ChatView(notebook.output(0))
        chat.expect_status("Ready")
        chat.root.evaluate("root => { root.style.width = '640px'; }")
        chat.ask("Count growth in percent, too", "Done.")
        card = chat.unfold(chat.last("tool"))
        if (side_by_side := card.get_by_role("button", name="Show side by side")).count():
            side_by_side.click()
        card.screenshot(path=PICTURES / "diff.png")
        chat.choose_mode("approve")
        chat.send("Plot it for the report")
        expect(chat.button("Allow once")).to_be_visible()
        chat.last("tool").screenshot(path=PICTURES / "permission.png")
        chat.root.evaluate("root => { root.style.width = '340px'; }")
        chat.log.evaluate("log => { log.scrollTop = log.scrollHeight; }")
        chat.root.screenshot(path=PICTURES / "narrow.png")
        chat.button("Stop").click()
        notebook.run(1)
        demo = ChatView(notebook.output(1))
        demo.expect_status("Ready")
        demo.root.evaluate("root => { root.style.width = '420px'; }")
        demo.send("/plan")
        plan = demo.items("plan").last
        expect(plan).to_contain_text("2 of 4 done")
        plan.screenshot(path=PICTURES / "plan.png")
    page.close()


if __name__ == "__main__":
    main()
