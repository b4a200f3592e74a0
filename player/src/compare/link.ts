/**
 * Pure: a finished measurement in the fragment of a link, `#m=...`: JSON, deflated (RFC 1951), base64url (RFC 4648 5).
 *
 * Fragments are never sent to the node, and nothing is stored. Whoever makes a link can claim whatever he likes, but
 * cannot make a page that opens it work for long: both the text and what comes out of it are bounded.
 */

import { columnsOf } from "./chart-data.ts";
import type { Measurement } from "./measurement.ts";
import { BadMeasurement, fromPlain, toPlain } from "./measurement-json.ts";

const KEY = "#m=";
const MOST_CHARS = 16_384; // ours have some two thousand
const MOST_BYTES = 65_536; // of JSON
const SAMPLES = 150; // of a path: the highest of every so many seconds

/** Whether the fragment of an address claims to be a measurement. */
export function isLink(fragment: string): boolean {
  return fragment.startsWith(KEY);
}

/** The fragment for a measurement; its samples are thinned out. */
export async function toFragment(measurement: Measurement): Promise<string> {
  const json = JSON.stringify(toPlain(thin(measurement)));
  const deflated = await readAll(transformed(new TextEncoder().encode(json), new CompressionStream("deflate-raw")));
  return KEY + toBase64Url(deflated);
}

/** Throws `BadMeasurement`. */
export async function fromFragment(fragment: string): Promise<Measurement> {
  const text = fragment.slice(KEY.length);
  if (!isLink(fragment) || text.length > MOST_CHARS || !/^[\w-]*$/.test(text)) {
    throw new BadMeasurement("the link is damaged, or too long");
  }
  let plain: unknown;
  try {
    const inflated = transformed(fromBase64Url(text), new DecompressionStream("deflate-raw"));
    plain = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await readAll(inflated, MOST_BYTES)));
  } catch (error) {
    throw error instanceof BadMeasurement ? error : new BadMeasurement("the link is damaged");
  }
  return fromPlain(plain);
}

function thin(measurement: Measurement): Measurement {
  const { paths, duration_ms } = measurement;
  const { atMs, series } = columnsOf(
    paths.map(({ samples }) => samples),
    { fromMs: 0, toMs: duration_ms },
    SAMPLES,
  );
  const samplesOf = (heights: readonly (number | null | undefined)[]) =>
    heights.flatMap((value, column) => (value == null ? [] : [{ atMs: atMs[column] ?? 0, value: Math.round(value) }]));
  return { ...measurement, paths: paths.map((path, index) => ({ ...path, samples: samplesOf(series[index] ?? []) })) };
}

function transformed(bytes: Uint8Array<ArrayBuffer>, by: GenericTransformStream): ReadableStream<Uint8Array> {
  return new Blob([bytes]).stream().pipeThrough<Uint8Array>(by);
}

/** Stops reading, and with it the work, beyond `most` bytes. */
async function readAll(stream: ReadableStream<Uint8Array>, most = Infinity): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (let turn = await reader.read(); !turn.done; turn = await reader.read()) {
    pieces.push(new Uint8Array(turn.value));
    length += turn.value.length;
    if (length <= most) continue;
    await reader.cancel();
    throw new BadMeasurement("the link holds more than a measurement");
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

function toBase64Url(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}
