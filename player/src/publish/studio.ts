/**
 * Edge: what is captured and what is published, and the two together.
 *
 * A source can be open without being published (the preview); going live opens it if it is not, and stopping closes it: a
 * camera's lamp is dark when the page says "Not live". Cameras and microphones can be changed at any time.
 */

import { fetchConfig } from "../api.ts";
import type { NodeClock } from "../clock/node-clock.ts";
import { type Capture, CaptureFailed, type Choice, openCapture, openDevice } from "./capture.ts";
import { refusalProblem } from "./problems.ts";
import { type Kind, Publisher } from "./publisher.ts";

export type StudioState = "idle" | "connecting" | "live" | "reconnecting" | "ended" | "failed";

export class Studio {
  capture: Capture | null = null;
  publisher: Publisher | null = null;
  /** The user wants to be live. */
  wanted = false;
  /** Why it is not live. */
  problem: string | null = null;
  /** What else to say. */
  note: string | null = null;

  readonly #stream: string;
  readonly #clock: NodeClock;
  readonly #clockStarted: Promise<void>;
  readonly #onChange: () => void;
  readonly #off = new Set<Kind>();
  #opening = 0; // number of the latest wish to open or close; an older one's outcome is dropped

  constructor(stream: string, clock: NodeClock, onChange: () => void) {
    this.#stream = stream;
    this.#clock = clock;
    this.#clockStarted = clock.start();
    this.#onChange = onChange;
  }

  get state(): StudioState {
    if (this.problem !== null) return "failed";
    if (this.wanted) return this.publisher?.state ?? "connecting";
    return this.publisher === null ? "idle" : "ended";
  }

  /** Open the source without publishing it, in the place of another one. */
  async preview(choice: Choice): Promise<void> {
    this.problem = this.note = this.publisher = null;
    this.close();
    await this.#open(choice);
  }

  async goLive(choice: Choice): Promise<void> {
    this.wanted = true;
    this.problem = this.note = this.publisher = null;
    this.#onChange();
    const capture = this.capture ?? (await this.#open(choice));
    const config = await fetchConfig().catch(() => null);
    if (capture === null || !this.wanted || this.capture !== capture) return;
    const iceServers = config?.ice_servers ?? [];
    this.publisher = new Publisher(`/whip/${this.#stream}`, capture.stream, choice.options, iceServers, () =>
      this.#publisherChanged(),
    );
    await this.publisher.start();
  }

  /** Stop publishing and close the source; say why if it was not the user's wish. */
  stop(note: string | null = null): void {
    this.wanted = false;
    this.note = note;
    this.publisher?.stop();
    this.close();
  }

  /** Close the source. */
  close(): void {
    this.#opening++;
    this.capture?.stop();
    this.capture = null;
    this.#onChange();
  }

  isOn(kind: Kind): boolean {
    return !this.#off.has(kind);
  }

  /** Silence or blacken what is sent, or end that; media goes on, so nothing is negotiated. */
  turn(kind: Kind, on: boolean): void {
    if (on) this.#off.delete(kind);
    else this.#off.add(kind);
    this.#applyOff();
    this.#onChange();
  }

  /** Use another camera or microphone; a phone may have to close the one before first. */
  async change(kind: Kind, choice: Choice): Promise<void> {
    const capture = this.capture;
    const before = capture?.stream.getTracks().find((track) => track.kind === kind);
    if (capture === null || before === undefined) return;
    try {
      const track = await openDevice(kind, choice).catch((error: unknown) => {
        before.stop();
        return openDevice(kind, choice).catch(() => Promise.reject(error));
      });
      if (this.capture !== capture) return track.stop();
      capture.stream.removeTrack(before);
      capture.stream.addTrack(track);
      this.#watchDevice(track, choice);
      this.#applyOff();
      await this.publisher?.replace(track);
      before.stop();
      this.note = null;
    } catch (error) {
      this.note = error instanceof CaptureFailed ? error.message : String(error);
    }
    this.#onChange();
  }

  async #open(choice: Choice): Promise<Capture | null> {
    const turn = ++this.#opening;
    try {
      if (choice.options.source === "pattern") await this.#clockStarted;
      const capture = await openCapture(choice, this.#stream, this.#clock);
      if (turn !== this.#opening) {
        capture.stop();
        return null;
      }
      this.capture = capture;
      this.note = capture.lacks;
      const file = choice.options.source === "file";
      capture.onEnded(() => this.capture === capture && this.stop(file ? "The file is over." : "Sharing was stopped."));
      if (choice.options.source === "camera") {
        for (const track of capture.stream.getTracks()) this.#watchDevice(track, choice);
      }
      this.#applyOff();
      this.#onChange();
      return capture;
    } catch (error) {
      if (turn !== this.#opening) return null;
      this.problem = error instanceof CaptureFailed ? error.message : `This cannot be published: ${String(error)}`;
      this.stop();
      return null;
    }
  }

  /** A device that is unplugged gives way to the browser's default one. */
  #watchDevice(track: MediaStreamTrack, choice: Choice): void {
    track.addEventListener("ended", () => {
      if (!this.capture?.stream.getTracks().includes(track)) return;
      const devices = { ...choice.devices, [track.kind === "video" ? "camera" : "microphone"]: "" };
      void this.change(track.kind as Kind, { ...choice, devices });
    });
  }

  #applyOff(): void {
    for (const track of this.capture?.stream.getTracks() ?? []) track.enabled = this.isOn(track.kind as Kind);
  }

  #publisherChanged(): void {
    const { publisher } = this;
    if (publisher?.state === "failed" && publisher.refused !== null) {
      this.problem = refusalProblem(this.#stream, publisher.refused.status, publisher.refused.message);
      this.stop();
    } else this.#onChange();
  }
}
