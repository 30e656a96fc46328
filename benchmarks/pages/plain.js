/** A chat as one would write it first: a list of messages as a trait, shown anew whenever it changes. */
export default {
  render({ model, el }) {
    const log = document.createElement("div");
    log.className = "plain";
    log.style = "height: 480px; overflow: auto; font: 14px/1.5 sans-serif; white-space: pre-wrap";
    el.append(log);
    model.on("change:messages", () => {
      log.replaceChildren(
        ...model.get("messages").map((text) => {
          const message = document.createElement("div");
          message.textContent = text;
          return message;
        }),
      );
      log.scrollTop = log.scrollHeight;
    });
    window.go = (query) => {
      window.ended = new Promise((resolve) => {
        model.on("change:done", () => requestAnimationFrame(() => resolve(true)));
      });
      model.send(query);
    };
  },
};
