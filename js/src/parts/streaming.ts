/** Blocks that are open for long, which is met while goose writes: their beginning is committed, too. */
export { Cutter } from "../markdown/cut";
