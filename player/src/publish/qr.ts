/** Edge: a link as a QR code, drawn as one path: the pages' Content-Security-Policy allows no inline style. */

import { encode } from "uqr";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4; // modules around it (ISO/IEC 18004 9.1)

/** Put the code of a text into an `svg` element. */
export function drawQr(svg: SVGSVGElement, text: string): void {
  const { data, size } = encode(text, { ecc: "M", border: QUIET });
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", pathOf(data));
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.replaceChildren(path);
}

function pathOf(rows: readonly (readonly boolean[])[]): string {
  return rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
}
