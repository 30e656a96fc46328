// What is in an element that should not be there. Styles are only those that the widget itself gives.
(root, [tags, rel]) => {
  const found = [];
  const known = new Set(tags);
  const local = /^(#|data:image\/(png|jpeg|gif|webp);base64,|data:audio\/wav;base64,)/;
  const style = /^(text-align: ?(left|center|right);?|--[a-z-]+: ?[\w(),.% #]+;?|(height|width): ?[\d.]+(px|%);?|content-visibility: visible;|[\s;]|color: ?var\([\w,#( )-]+\);?)*$/;
  const look = (el) => {
    const where = el.cloneNode().outerHTML?.slice(0, 300);
    const tag = el.localName;
    const inMaths = el.closest(".katex, mjx-container") !== null;
    if (!known.has(tag) && !inMaths) found.push(`<${tag}>: ${where}`);
    if (/^(script|iframe|frame|object|embed|link|meta|base|portal|template|foreignobject|animate|set|use)$/i.test(tag))
      found.push(`<${tag}>: ${where}`);
    if (tag === "form" && el.className !== "goose-composer") found.push(`<form>: ${where}`);
    for (const { name, value } of el.attributes) {
      if (/^on/i.test(name) || ["srcdoc", "srcset", "action", "formaction", "background", "ping"].includes(name))
        found.push(`${name}=: ${where}`);
      if (/^(xlink:)?href$/.test(name) && !/^#prompt-\d+$/.test(value)) {
        if (!/^(https?:|mailto:)/.test(value) || !["http:", "https:", "mailto:"].includes(new URL(value).protocol))
          found.push(`href: ${where}`);
        if (tag !== "a" || !rel.every((word) => el.relList.contains(word))) found.push(`rel: ${where}`);
      }
      if (/^(src|poster|data)$/.test(name) && !local.test(value)) found.push(`src: ${where}`);
      if (name === "style" && (/url|position: ?fixed/i.test(value) || (!inMaths && !style.test(value)))) found.push(`style: ${where}`);
      if (name === "name" || (name === "id" && !/^(goose-|MJX|prompt-\d+$|[0-9a-f]{32}(-\d+)?$)/i.test(value))) found.push(`${name}: ${where}`);
    }
    if (el.shadowRoot) found.push(`a shadow root: ${where}`);
  };
  root.querySelectorAll("*").forEach(look);
  return found;
};
