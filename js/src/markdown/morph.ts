/** Changes the document as little as needed, so that a selection in the text above the cursor of the stream survives. */

/** Makes the children of `parent` after `after` equal to `nodes`. */
export function morph(parent: Element, after: ChildNode | null, nodes: Node[]): void {
  let old = after ? after.nextSibling : parent.firstChild;
  for (const node of nodes) {
    if (!old) {
      parent.append(node);
      continue;
    }
    const next: ChildNode | null = old.nextSibling;
    if (!old.isEqualNode(node)) become(old, node);
    old = next;
  }
  while (old) {
    const next: ChildNode | null = old.nextSibling;
    old.remove();
    old = next;
  }
}

function become(old: ChildNode, node: Node): void {
  if (old instanceof Text && node instanceof Text) {
    old.data = node.data;
  } else if (old instanceof Element && node instanceof Element && sameShell(old, node)) {
    morph(old, null, Array.from(node.childNodes));
  } else {
    old.replaceWith(node);
  }
}

/** Code and its buttons belong together: they are replaced as one. */
function sameShell(a: Element, b: Element): boolean {
  return !a.classList.contains("goose-code") && a.cloneNode(false).isEqualNode(b.cloneNode(false));
}
