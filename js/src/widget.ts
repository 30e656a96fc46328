/** The anywidget module. `initialize` only connects: anywidget goes deaf when it takes long. */
import { Chat } from "./chat";
import type { Model } from "./model";
import { keepSaved } from "./saved";
import "./styles/main.css";
import { mount } from "./view/mount";

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

function initialize({ model }: { model: Model }): () => void {
  const uid = model.get("uid");
  const chat = chatOf(model);
  const stopKeeping = keepSaved(model);
  return () => {
    stopKeeping();
    chats.delete(uid);
    chat.close();
  };
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  return mount(chatOf(model), el);
}

export default { initialize, render };
