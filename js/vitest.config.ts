import { defineConfig } from "vitest/config";

export default defineConfig({
  // Some draw documents hundreds of times, and a machine may be busy.
  test: { environment: "happy-dom", include: ["test/**/*.test.{ts,tsx}"], testTimeout: 60_000, maxWorkers: "100%" },
  oxc: { jsx: { importSource: "preact" } },
  plugins: [
    {
      // What build.mjs reads from libraries, which no test here looks at.
      name: "texts",
      resolveId: (id) => (id.startsWith("text:") ? `\0${id}` : null),
      load: (id) => (id.startsWith("\0text:") ? `export default ".style {}"` : null),
    },
  ],
});
