/** What the pages that are compared have in common: chunks come as JSON, one in a message, as from `goose web`. */
function start(show) {
  const socket = new WebSocket(`ws://${location.host}/chunks${location.search}`);
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "complete") finish(true);
    else show(message.content);
  };
  let finish;
  window.ended = new Promise((resolve) => {
    finish = resolve;
  });
  window.go = () => socket.send("go");
  window.ready = new Promise((resolve) => {
    socket.onopen = resolve;
  });
}
