/** The milliseconds between frames, in `gaps`, until `stopFrames()`. */
() => {
  window.gaps = [];
  let last = 0;
  let handle = 0;
  const next = (now) => {
    if (last > 0) gaps.push(now - last);
    last = now;
    handle = requestAnimationFrame(next);
  };
  handle = requestAnimationFrame(next);
  window.stopFrames = () => {
    cancelAnimationFrame(handle);
    return gaps;
  };
}
