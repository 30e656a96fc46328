// The colours of an element's text, or of a mark in it, and of what is behind it, and their contrast as WCAG 2 counts it.
(element, mark) => {
  // A canvas for each of what is behind each of a thousand elements would take a minute.
  window.parsedColours ??= new Map();
  const parse = (colour) => {
    if (!parsedColours.has(colour)) parsedColours.set(colour, parseAnew(colour));
    return parsedColours.get(colour);
  };
  const parseAnew = (colour) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return { rgb: [r, g, b], alpha: a / 255 };
  };
  const over = (top, below) => top.rgb.map((value, i) => value * top.alpha + below[i] * (1 - top.alpha));
  const layers = [];
  for (let it = element; it; it = it.parentElement) layers.unshift(parse(getComputedStyle(it).backgroundColor));
  const style = getComputedStyle(element, mark);
  if (mark) layers.push(parse(style.backgroundColor));
  const behind = layers.reduce((below, layer) => over(layer, below), [255, 255, 255]);
  const text = over(parse(style.color), behind);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [light, dark] = [luminance(text), luminance(behind)].sort((a, b) => b - a);
  return { contrast: (light + 0.05) / (dark + 0.05), background: behind.map(Math.round).join(), text: text.join() };
}
