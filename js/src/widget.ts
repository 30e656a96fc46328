/** The anywidget module of each model. `initialize` only connects: anywidget goes deaf when it takes long. */
import { Chat } from "./chat";
import type { Model } from "./model";
import { keepSaved } from "./saved";
import "./styles/main.css";
import { mount } from "./view/mount";

/** What anywidget is given for one model. */
export interface Widget {
  initialize(given: { model: Model }): () => void;
  render(given: { model: Model; el: HTMLElement }): () => void;
}

export function makeWidget(): Widget {
  /** By uid: anywidget hands each view another proxy of the same model. */
  const chats = new Map<string, Chat>();

  function chatOf(model: Model): Chat {
    const uid = model.get("uid");
    const known = chats.get(uid);
    if (known) return known;
    const chat = new Chat(model);
    chats.set(uid, chat);
    return chat;
  }

  return {
    initialize({ model }) {
      const uid = model.get("uid");
      const chat = chatOf(model);
      const stopKeeping = keepSaved(model);
      return () => {
        stopKeeping();
        chats.delete(uid);
        chat.close();
      };
    },
    render({ model, el }) {
      return mount(chatOf(model), el);
    },
  };
}
