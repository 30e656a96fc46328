import type { Chat } from "../chat";
import type { Frame } from "../markdown/stream";

/** What an item's view needs of its surroundings. */
export interface Surroundings extends Frame {
  chat: Chat;
}
