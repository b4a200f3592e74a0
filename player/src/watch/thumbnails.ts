/**
 * Edge: small pictures of what can be gone back to, from the stream's I-frames.
 *
 * Each is one coded picture of the smallest rendition, a few kB. The browser decodes it in a video element of its own
 * through Media Source Extensions, every picture at a second of its own, so that one that was shown before is there.
 */

import { type Iframe, iframeAt, parseIframes, smallestIframes } from "../playback/iframe-list.ts";

const FRESH_MS = 5000; // two or three I-frames
const TIMEOUT_MS = 4000;
const KEPT = 60; // pictures; then all over again
const APART_S = 10; // longer than any I-frame stands

export class Thumbnails {
  readonly #video: HTMLVideoElement;
  #master: string | null = null; // URL of the multivariant playlist
  #iframes: readonly Iframe[] = [];
  #listUrl = "";
  #listedMs = -Infinity;
  #decoder: Decoder | null = null;
  #wantedMs: number | null = null;
  #busy = false;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  /** Of another stream or session; null for none. */
  follow(master: string | null): void {
    if (master === this.#master) return;
    this.#master = master;
    this.#iframes = [];
    this.#listedMs = -Infinity;
    this.#decoder?.close();
    this.#decoder = null;
  }

  /** When the oldest picture there is was captured; null while not known. */
  get oldestMs(): number | null {
    return this.#iframes[0]?.dateMs ?? null;
  }

  /** Read the list again if it is old. */
  async refresh(): Promise<void> {
    const master = this.#master;
    if (master === null || performance.now() - this.#listedMs < FRESH_MS) return;
    this.#listedMs = performance.now();
    try {
      if (this.#decoder === null) {
        const stream = smallestIframes(await (await get(master)).text());
        if (stream === null || this.#master !== master) return;
        this.#listUrl = new URL(stream.uri, master).href;
        this.#decoder = new Decoder(this.#video, stream.codecs);
      }
      this.#iframes = parseIframes(await (await get(this.#listUrl)).text());
    } catch {
      this.#iframes = []; // without pictures for now
    }
  }

  /** Have the element show the picture of an instant; resolves to whether it does. Only the last wish counts. */
  async show(dateMs: number): Promise<boolean> {
    this.#wantedMs = dateMs;
    if (this.#busy) return false;
    this.#busy = true;
    let shown = false;
    try {
      await this.refresh();
      for (let wantedMs: number | null = dateMs; wantedMs !== null; wantedMs = this.#wantedMs) {
        this.#wantedMs = null;
        const iframe = iframeAt(this.#iframes, wantedMs);
        if (iframe === null || this.#decoder === null) return false;
        const [map, url] = [iframe.mapUri, iframe.uri].map((uri) => new URL(uri, this.#listUrl).href);
        await this.#decoder.show(map ?? "", url ?? "");
        shown = true;
      }
    } catch {
      shown = false; // it has left the window meanwhile, or cannot be decoded here
    } finally {
      this.#busy = false;
    }
    return shown;
  }
}

/** One SourceBuffer; every picture has a place in it. */
class Decoder {
  readonly #video: HTMLVideoElement;
  readonly #opened: Promise<SourceBuffer>;
  readonly #places = new Map<string, number>();
  #map = "";

  constructor(video: HTMLVideoElement, codecs: string) {
    this.#video = video;
    const source = new MediaSource();
    this.#opened = new Promise((resolve, reject) => {
      source.addEventListener("sourceopen", () => {
        URL.revokeObjectURL(video.src);
        try {
          const buffer = source.addSourceBuffer(`video/mp4; codecs="${codecs}"`);
          buffer.mode = "sequence";
          resolve(buffer);
        } catch (error) {
          reject(error as Error);
        }
      });
    });
    this.#opened.catch(() => undefined);
    video.src = URL.createObjectURL(source);
  }

  close(): void {
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  async show(map: string, url: string): Promise<void> {
    const buffer = await this.#opened;
    if (this.#places.size >= KEPT || map !== this.#map) this.#places.clear();
    let place_s = this.#places.get(url);
    if (place_s === undefined) {
      place_s = this.#places.size * APART_S;
      if (map !== this.#map) await append(buffer, await (await get(map)).arrayBuffer());
      this.#map = map;
      const picture = await (await get(url)).arrayBuffer();
      buffer.timestampOffset = place_s;
      await append(buffer, picture);
      this.#places.set(url, place_s);
    }
    if (this.#video.readyState === 0) await happened(this.#video, "loadedmetadata");
    this.#video.currentTime = place_s + 0.01;
    await happened(this.#video, "seeked");
  }
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url} was answered with ${response.status}`);
  return response;
}

async function append(buffer: SourceBuffer, bytes: ArrayBuffer): Promise<void> {
  const done = happened(buffer, "updateend");
  buffer.appendBuffer(bytes);
  await done;
}

function happened(target: EventTarget, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    signal.addEventListener("abort", () => reject(new Error(`no ${event}`)), { once: true });
    target.addEventListener(event, () => resolve(), { once: true, signal });
  });
}
