/** Edge: links to this stream, the HTML that embeds it, and a button that copies it. */

import { setText } from "../ui/dom.ts";
import { embedSnippet } from "./words.ts";

const COPIED_MS = 2000;

/** Fill what the page has of it; an embedded player has nothing. */
export function showShare(stream: string, prefix: string): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-path]")) {
    const url = new URL(prefix + (link.dataset["path"] ?? "").replace("{stream}", stream), location.origin);
    link.href = url.href;
    if (link.textContent === "") setText(link, url.href);
  }
  const code = document.getElementById("snippet");
  if (code !== null) setText(code, embedSnippet(new URL(`${prefix}/embed/${stream}`, location.origin).href, stream));
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copies]")) {
    const label = button.textContent ?? "";
    button.addEventListener("click", () => {
      const text = document.getElementById(button.dataset["copies"] ?? "")?.textContent ?? "";
      void copy(text).then((copied) => {
        setText(button, copied ? "Copied" : "Not allowed");
        setTimeout(() => setText(button, label), COPIED_MS);
      });
    });
  }
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // not a secure context, or not allowed
  }
}
