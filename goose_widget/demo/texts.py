"""What the scripted agent says, where it is long."""

from __future__ import annotations

from typing import Final

WHO: Final = (
    "I am the **demo** of this chat: a script, no model. I know nothing, run nothing and touch no file; "
    "what my tools do is make-believe."
)

FOR_REAL: Final = "For real answers, start `goose serve`, or let `GooseChat()` find goose on this computer."

FIRST_STEPS: Final = """\
- `/tour` shows one of everything, in about 20 seconds
- `/ask` asks for your permission
- `/markdown`, `/table`, `/code`, `/image` show what a reply can hold
- `/tool` runs a command with live output
- `/slow` gives you time to press **Stop**
- `/help` lists all commands
"""

CODE: Final = """\
```python
import pandas as pd

sales = pd.read_csv("sales.csv", parse_dates=["date"])
by_quarter = sales.groupby(sales["date"].dt.quarter)["revenue"].agg(["count", "sum"])
print(by_quarter.sort_values("sum", ascending=False))
```
"""

SHELL_CODE: Final = """\
```bash
head -n 3 sales.csv | column -s, -t
```
"""

TABLE: Final = """\
| Quarter | Orders | Revenue (€) | Change |
|:--------|-------:|------------:|-------:|
| Q1      |     82 |      99,104 |        |
| Q2      |     91 |     160,392 | +61.8% |
| Q3      |     94 |     177,015 | +10.4% |
| Q4      |     98 |     193,480 |  +9.3% |
"""

MATHS: Final = r"""
The mean is $\bar{x} = \frac{1}{n}\sum_{i=1}^{n} x_i$, and the standard deviation

$$
s = \sqrt{\frac{1}{n-1}\sum_{i=1}^{n}\left(x_i - \bar{x}\right)^2}
$$
"""

PROSE: Final = """\
## What a reply can hold

Text with **bold**, *italic* and ~~struck~~ words, `code`, a [link](https://agentclientprotocol.com) and lists:

1. one thing
2. another
   - with a detail

> A quotation.

"""

OLD: Final = """\
import pandas as pd

sales = pd.read_csv("sales.csv")
print(sales.revenue.mean())
"""

NEW: Final = """\
import pandas as pd

sales = pd.read_csv("sales.csv", parse_dates=["date"])
print(sales.groupby(sales.date.dt.quarter).revenue.mean())
"""

DECLINED: Final = (
    "The user has declined to run this tool. DO NOT attempt to call this tool again. If there are no alternative "
    "methods to proceed, clearly explain the situation and STOP."
)
"""What goose tells its model."""
