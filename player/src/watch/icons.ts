/** Edge: the icons of the buttons, drawn as SVG elements; the pages' policy allows no inline pictures. */

const SVG = "http://www.w3.org/2000/svg";

/** Outlines in a square of 24. */
const PATHS = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  sound: "M4 9v6h4l5 5V4L8 9zM15.5 8.5a5 5 0 0 1 0 7v2.2a7 7 0 0 0 0-11.4z",
  muted:
    "M4 9v6h4l5 5V4L8 9zM15 9.4 16.4 8l2.1 2.1L20.6 8 22 9.4 19.9 11.5 22 13.6 20.6 15l-2.1-2.1L16.4 15 15 13.6l2.1-2.1z",
  settings:
    "M10.3 3h3.4l.5 2.5 1.7.9 2.4-.8 1.7 2.9-1.9 1.7v1.7l1.9 1.7-1.7 2.9-2.4-.8-1.7.9-.5 2.5h-3.4l-.5-2.5-1.7-.9-2.4.8L4 13.6l1.9-1.7v-1.7L4 8.5l1.7-2.9 2.4.8 1.7-.9zM12 8.5a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2z",
  captions: "M4 5h16v14H4zM6 7v10h12V7zM7.5 10h4v1.5h-2.5v1h2.5V14h-4zM13 10h4v1.5h-2.5v1H17V14h-4z",
  help: "M11 16h2v2h-2zM12 5a4 4 0 0 0-4 4h2a2 2 0 1 1 3.2 1.6C12 11.5 11 12.2 11 14h2c0-.9.7-1.4 1.5-2.1A4 4 0 0 0 12 5z",
  screens: "M3 5h18v12h-4v-2h2V7H5v8h2v2H3zM12 14l5 6H7z",
  picture: "M3 5h18v14H3zM5 7v10h14V7zM12 11h6v5h-6z",
  full: "M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z",
  small: "M8 4h2v6H4V8h4zM14 4h2v4h4v2h-6zM4 14h6v6H8v-4H4zM14 14h6v2h-4v4h-2z",
} as const;

export type IconName = keyof typeof PATHS;

/** A picture that screen readers pass over: the button has the words. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "path"));
  setIcon(svg, name);
  return svg;
}

export function setIcon(svg: SVGSVGElement, name: IconName): void {
  const path = svg.firstElementChild;
  if (path?.getAttribute("d") !== PATHS[name]) path?.setAttribute("d", PATHS[name]);
}
