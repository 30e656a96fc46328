/** One conversation with every kind of item. */

import type { Item } from "../src/wire";
import { tool } from "../test/fake";

const PLOT = () => {
  const canvas = document.createElement("canvas");
  canvas.width = 420;
  canvas.height = 180;
  const g = canvas.getContext("2d");
  if (!g) return "";
  g.fillStyle = "#fff";
  g.fillRect(0, 0, 420, 180);
  [40, 90, 65, 130, 110].forEach((height, index) => {
    g.fillStyle = "#4477aa";
    g.fillRect(30 + index * 75, 160 - height, 50, height);
  });
  return canvas.toDataURL("image/png").split(",")[1] ?? "";
};

const ANSWER = `## What I found

Sales grew in **all four regions**, most in the *north*. The join drops 12 rows whose \`region\` is empty; see
[the pandas guide](https://pandas.pydata.org/docs/) and src/load.py.

| Region | 2025 | 2026 | Change |
|---|--:|--:|--:|
| North | 1,204 | 1,688 | +40.2 % |
| South | 980 | 1,034 | +5.5 % |
| West | 1,410 | 1,512 | +7.2 % |

1. Read the file
   - with the right encoding
   - and \`dtype\` for the dates
2. Group and plot

\`\`\`python
import pandas as pd

def load(path: str) -> pd.DataFrame:
    """Reads the sales, one row per order."""
    df = pd.read_csv(path, parse_dates=["date"])
    return df.query("amount > 0")  # returns are negative

load("sales.csv").groupby("region")["amount"].sum()
\`\`\`

> Two files have other column names; I left them alone.

- [x] Load
- [ ] Write the report

![A chart](https://charts.example.org/sales.png)`;

const OPTIONS = [
  { id: "a1", name: "Allow Once", kind: "allow_once" },
  { id: "a2", name: "Always Allow", kind: "allow_always" },
  { id: "r1", name: "Deny", kind: "reject_once" },
  { id: "r2", name: "Always Deny", kind: "reject_always" },
];

export function conversation(): Item[] {
  const now = Date.now() / 1000;
  const done = (seconds: number) => ({ status: "completed" as const, started: now - 60, ended: now - 60 + seconds });
  return [
    {
      id: "u1",
      kind: "user",
      text: "Look at sales.csv: which region grew most?\nMake a plot too.",
      content: [],
      time: now - 80,
      state: "sent",
    },
    {
      id: "t1",
      kind: "thought",
      text: "The user wants growth by region. First I look at the file.\nThen I group.",
      started: now - 79,
      ended: now - 76,
    },
    {
      id: "p1",
      kind: "plan",
      time: now - 75,
      entries: [
        { content: "Read sales.csv", status: "completed", priority: "high" },
        { content: "Compute growth by region", status: "in_progress", priority: "medium" },
        { content: "Plot the result", status: "pending", priority: "low" },
      ],
    },
    tool("c1", {
      ...done(0.2),
      title: "shell · head -3 sales.csv",
      input: { command: "head -3 sales.csv" },
      output: "date,region,amount\n2025-01-02,north,12\n",
      result: { stdout: "", stderr: "", exit_code: 0 },
    }),
    tool("c2", {
      ...done(4.6),
      title: "tree",
      name: "tree",
      tool_kind: "read",
      input: { path: "src", depth: 2 },
      content: [{ type: "text", text: "src\n├── load.py\n└── plot.py" }],
    }),
    tool("c3", {
      ...done(1.3),
      status: "failed",
      title: "shell",
      input: { command: "python -c 'import seaborn'", timeout: 30 },
      output:
        "\u001b[31mTraceback (most recent call last):\u001b[0m\n  File \"<string>\", line 1, in <module>\nModuleNotFoundError: No module named 'seaborn'\n",
      result: { stdout: "", stderr: "", exit_code: 1 },
    }),
    tool("c4", {
      ...done(0.4),
      title: "edit · src/plot.py",
      name: "edit",
      tool_kind: "edit",
      input: { path: "src/plot.py", before: "import seaborn as sns\n", after: "import matplotlib.pyplot as plt\n" },
      content: [
        {
          type: "diff",
          path: "src/plot.py",
          old: "import pandas as pd\nimport seaborn as sns\n\ndef plot(df):\n    sns.barplot(df)\n    return df\n\n\n# end\n# of\n# file\n# x\n",
          new: "import pandas as pd\nimport matplotlib.pyplot as plt\n\ndef plot(df):\n    df.plot.bar()\n    plt.show()\n    return df\n\n\n# end\n# of\n# file\n# x\n",
        },
      ],
    }),
    tool("c5", {
      ...done(2.1),
      title: "render chart",
      name: "render",
      extension: "charts",
      tool_kind: "other",
      input: { kind: "bar", columns: ["region", "amount"] },
      content: [
        { type: "text", text: "Chart drawn." },
        { type: "image", mime: "image/png", data: PLOT() },
      ],
    }),
    { id: "a1", kind: "agent", text: ANSWER, content: [], time: now - 30, state: "done", turn: null },
    {
      id: "n1",
      kind: "notice",
      level: "info",
      text: "Resumed from the file beside the notebook; goose still knows this session.",
      detail: "",
      time: now,
    },
    {
      id: "n2",
      kind: "notice",
      level: "warning",
      text: "goose sent something this version does not understand.",
      detail: '{"sessionUpdate": "new_thing"}',
      time: now,
    },
    { id: "u2", kind: "user", text: "Now clean up the old exports.", content: [], time: now - 20, state: "sent" },
    tool("c6", {
      title: "shell",
      started: now - 12,
      input: { command: 'for f in exports/*.csv; do\n  gzip -v "$f"\ndone' },
      output: Array.from({ length: 30 }, (_, i) => `exports/${2000 + i}.csv:\t 84.3% -- replaced`).join("\n"),
    }),
    tool("c7", {
      title: "shell",
      started: now - 3,
      status: "pending",
      input: { command: "rm -rf exports/old && echo 'done \u202e txt.exe'" },
      permission: {
        request: "r1",
        cwd: "/home/ada/analysis",
        options: OPTIONS,
        state: "open",
        option: null,
        by: "",
        note: "",
      },
    }),
  ];
}
