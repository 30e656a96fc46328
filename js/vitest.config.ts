import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { environment: "happy-dom", include: ["test/**/*.test.{ts,tsx}"] },
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
