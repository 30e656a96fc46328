"""While a cell computes, the chat goes on: that is what its own thread and its lanes to the kernel are for."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.chat import OpenChat
from support.jupyter import Front

pytestmark = pytest.mark.one_page

SLEEP = "import time; time.sleep(600)"
LOOP = "while True: pass"
COMMAND = "for n in 1 2 3 4 5 6 7 8; do echo line $n; sleep 0.3; done; echo 'the end' | tr a-z A-Z"


@pytest.mark.parametrize(
    ("front", "kernel", "code"),
    [
        pytest.param("lab", "python3", SLEEP, id="JupyterLab, sleep"),
        pytest.param("lab", "python3", LOOP, id="JupyterLab, loop"),
        pytest.param("lab", "python3-ipykernel6", SLEEP, id="JupyterLab, ipykernel 6, sleep"),
        pytest.param("lab", "python3-ipykernel6", LOOP, id="JupyterLab, ipykernel 6, loop"),
        pytest.param("notebook", "python3", SLEEP, id="Notebook 7, sleep"),
        pytest.param("notebook", "python3-ipykernel6", LOOP, id="Notebook 7, ipykernel 6, loop"),
    ],
)
def test_while_a_cell_runs_a_command_is_allowed_and_streams_and_the_next_turn_is_sent_and_stopped(
    open_chat: OpenChat, front: Front, kernel: str, code: str
) -> None:
    notebook, chat = open_chat(code, chat="GooseChat(mode='approve')", front=front, kernel=kernel)
    chat.send(f"shell: {COMMAND}")
    chat.expect_status("Waiting for you")
    notebook.start(1)
    notebook.expect_running(1)

    question = chat.last("tool").get_by_role("region", name="Permission")
    expect(question.locator("pre")).to_have_text(COMMAND)
    expect(question).to_contain_text(str(notebook.folder))
    question.get_by_role("button", name="Allow once").click()
    expect(chat.last("tool")).to_contain_text("Allowed once by you")
    expect(chat.last("tool")).to_contain_text("line 2")
    expect(chat.last("tool")).to_have_attribute("data-status", "in_progress")
    expect(chat.last("tool")).to_have_attribute("data-status", "completed")
    expect(chat.last("agent")).to_contain_text("THE END")
    chat.expect_status("Ready")
    notebook.expect_running(1)

    chat.send("slow: 1000 50")
    expect(chat.last("agent")).to_contain_text("word5")
    chat.button("Stop").click()
    expect(chat.last("agent")).to_have_attribute("data-state", "cancelled")
    chat.expect_status("Ready")
    notebook.expect_running(1)
    notebook.interrupt()
    expect(notebook.output(1)).to_contain_text("KeyboardInterrupt")
