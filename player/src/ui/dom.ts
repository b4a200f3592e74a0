/** Edge: finding and filling the elements of a page. */

/** The element with an id; missing or of another kind is a mistake of ours. */
export function element<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${kind.name} with id ${id}`);
  return found;
}

/** Set an element's text, touching it only when it changes: screen readers and layout notice every touch. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** A new element with text and class. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { text = "", className = "" }: { text?: string; className?: string } = {},
  ...children: Node[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

/** A list of figures: fills the `dd` elements that carry `data-figure`. */
export class Figures {
  readonly #cells = new Map<string, HTMLElement>();

  constructor(root: Element) {
    for (const cell of root.querySelectorAll<HTMLElement>("[data-figure]")) {
      this.#cells.set(cell.dataset["figure"] ?? "", cell);
    }
  }

  show(values: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(values)) {
      const cell = this.#cells.get(name);
      if (cell !== undefined) setText(cell, text);
    }
  }
}
