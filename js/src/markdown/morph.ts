/** Changes the document as little as needed, so that a selection in the text above the cursor of the stream survives. */

/** Makes the children of `parent` between `after` and `end` equal to `nodes`; a node that is there already stays. */
export function morph(parent: Element, after: ChildNode | null, nodes: Node[], end: ChildNode | null = null): void {
  let old = after ? after.nextSibling : parent.firstChild;
  for (const node of nodes) {
    if (!old || old === end) {
      parent.insertBefore(node, end);
      continue;
    }
    const next: ChildNode | null = old.nextSibling;
    if (old !== node && !old.isEqualNode(node)) become(old, node);
    old = next;
  }
  while (old && old !== end) {
    const next: ChildNode | null = old.nextSibling;
    old.remove();
    old = next;
  }
}

function become(old: ChildNode, node: Node): void {
  if (old instanceof Text && node instanceof Text) {
    // Other data would take a selection out of it.
    if (node.data.startsWith(old.data)) old.appendData(node.data.slice(old.length));
    else old.data = node.data;
  } else if (old instanceof Element && node instanceof Element && isAlike(old, node)) {
    for (const { name } of Array.from(old.attributes)) if (!node.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of Array.from(node.attributes)) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    morph(old, null, Array.from(node.childNodes));
  } else {
    old.replaceWith(node);
  }
}

/** Code and its buttons belong together: they are replaced as one. So is what listens by itself, and what is drawn later. */
const WHOLE = "button, .goose-code, .goose-math";

function isAlike(old: Element, node: Element): boolean {
  return old.tagName === node.tagName && !old.matches(WHOLE);
}
