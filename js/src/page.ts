/** What the bundle does, the first time that a page gets it. */
import { page } from "./parts";
import { makeWidget } from "./widget";

page.makeWidget = makeWidget;
