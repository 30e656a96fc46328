"""Makes the README's pictures from the running widget: the real goose and a real JupyterLab, a scripted model.

cd tests && python -m support.screenshots      # writes notebooks/screenshots/light.png and dark.png
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
                settings = server.root.parent / "settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings"
                settings.write_text(json.dumps({"theme": f"JupyterLab {theme.title()}"}))
                picture(server, chromium, theme)
            chromium.close()


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


if __name__ == "__main__":
    main()
