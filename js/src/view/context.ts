import type { Chat } from "../chat";

/** What an item's view needs of its surroundings. */
export interface Surroundings {
  chat: Chat;
  /** Wraps a change of the log's height that comes later than the message which caused it. */
  around(change: () => void): void;
}
