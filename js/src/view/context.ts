import type { Chat } from "../chat";

/** What an item's view needs of its surroundings. */
export interface Surroundings {
  chat: Chat;
  /** Wraps a change of the log's height that comes later than the message which caused it. */
  around(change: () => void): void;
  /** How many pixels of the log are seen at a time; 0 as long as that is not known. */
  height(): number;
}
