/** Edge: the link for viewers: shown, copied, and as a QR code. */

import { isThisMachine } from "../names.ts";
import { element, setText } from "../ui/dom.ts";

const COPIED_MS = 2000;

export function showWatchLink(stream: string): void {
  const url = new URL(`/watch/${stream}`, location.href).href;
  const link = element("link", HTMLAnchorElement);
  const copy = element("copy", HTMLButtonElement);
  link.href = url;
  setText(link, url);
  element("link-note", HTMLElement).hidden = !isThisMachine(location.hostname);
  copy.addEventListener("click", () => void copyText(url, link).then((done) => confirmOn(copy, done)));
  void import("./qr.ts").then(({ drawQr }) => drawQr(element("qr", SVGSVGElement), url));
}

async function copyText(text: string, shown: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection()?.selectAllChildren(shown); // no clipboard without HTTPS: at least it is selected
    return false;
  }
}

function confirmOn(button: HTMLButtonElement, done: boolean): void {
  setText(button, done ? "Copied" : "Selected");
  setTimeout(() => setText(button, "Copy"), COPIED_MS);
}
