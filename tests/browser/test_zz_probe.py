import pytest
from support.jupyter import Notebook
@pytest.mark.parametrize("n", range(4))
def test_probe(server, page, n):
    path = server.write(f"probe{n}/notebook.ipynb", ["1+1"])
    page.add_init_script("""
      window.__log = []; let last = '';
      setInterval(() => {
        const i = document.querySelector('.jp-Notebook-ExecutionIndicator');
        const k = document.querySelector('.jp-Toolbar-kernelName');
        const b = document.querySelector('#jp-main-statusbar, .jp-StatusBar-Widget');
        const c = document.querySelector('.jp-InputPrompt');
        const s = [i && i.dataset.status, i && i.title, k && k.textContent, b && b.textContent, c && c.textContent].join(' / ');
        if (s !== last) { window.__log.push(Math.round(performance.now()) + ' ' + s); last = s; }
      }, 5);
    """)
    nb = Notebook(server, page, path)
    nb.open()
    page.evaluate("window.__log.push('OPEN')")
    try:
        nb.run(0)
    finally:
        print("\n".join(page.evaluate("window.__log")))
        server.end_kernel(path)
