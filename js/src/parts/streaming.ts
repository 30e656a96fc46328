/** What long messages need while goose writes: blocks that are open for long, and text that passes unseen. */
export { Cutter } from "../markdown/cut";
export { Passing } from "../markdown/passing";
