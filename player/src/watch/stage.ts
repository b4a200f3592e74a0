/** Edge: the two video elements on top of each other, of which one is seen and heard; volume, and what the browser allows. */

export type Source = "webrtc" | "hls";

const VOLUME_KEY = "tandem.volume";

interface AppleVideo extends HTMLVideoElement {
  webkitEnterFullscreen?: () => void;
  webkitShowPlaybackTargetPicker?: () => void;
}

export class Stage {
  readonly videos: Readonly<Record<Source, HTMLVideoElement>>;
  /** The one that is seen; null before the first picture. */
  shown: Source | null = null;
  /** Somebody has paused. */
  paused = false;
  /** The browser has refused to play, even without sound, until it is touched. */
  blocked = false;
  #held = false; // for the other one to get there
  readonly #root: HTMLElement;
  readonly #changed: () => void;
  #muted = true; // browsers let nothing else start by itself
  #volume = storedVolume();

  constructor(root: HTMLElement, videos: Readonly<Record<Source, HTMLVideoElement>>, changed: () => void) {
    this.#root = root;
    this.videos = videos;
    this.#changed = changed;
    for (const video of Object.values(videos)) {
      video.addEventListener("playing", () => this.#began(video));
      video.addEventListener("pause", changed);
      video.addEventListener("enterpictureinpicture", changed);
      video.addEventListener("leavepictureinpicture", changed);
    }
    document.addEventListener("fullscreenchange", changed);
    this.#apply();
  }

  get video(): HTMLVideoElement | null {
    return this.shown === null ? null : this.videos[this.shown];
  }

  get muted(): boolean {
    return this.#muted || this.#volume === 0;
  }

  get volume(): number {
    return this.#muted ? 0 : this.#volume;
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    if (!muted && this.#volume === 0) this.#volume = 0.5;
    this.#apply();
  }

  setVolume(volume: number): void {
    this.#volume = Math.min(1, Math.max(0, volume));
    this.#muted = this.#volume === 0;
    storeVolume(this.#volume);
    this.#apply();
  }

  /** Keep it running unseen: a layer that is not drawn at all would not be given its pictures in time. */
  prepare(source: Source): void {
    this.videos[source].dataset["part"] = "coming";
  }

  /** See and hear this one. */
  show(source: Source): void {
    const inPicture = document.pictureInPictureElement === this.video && this.video !== null;
    this.shown = source;
    this.#held = false;
    for (const [name, video] of Object.entries(this.videos))
      video.dataset["part"] = name === source ? "shown" : "resting";
    this.#apply();
    if (inPicture) void this.videos[source].requestPictureInPicture().catch(() => undefined);
  }

  /** Not needed any more. */
  rest(source: Source): void {
    const video = this.videos[source];
    if (this.shown !== source) video.dataset["part"] = "resting";
    video.srcObject = null;
  }

  /** Nothing is seen any more. */
  clear(): void {
    this.shown = null;
    for (const video of Object.values(this.videos)) video.dataset["part"] = "resting";
  }

  /** The picture stands still, and its sound. */
  hold(): void {
    this.#held = true;
    this.video?.pause();
  }

  pause(): void {
    this.paused = true;
    this.video?.pause();
    this.#changed();
  }

  async play(): Promise<void> {
    this.paused = this.#held = false;
    const video = this.video;
    if (video !== null) {
      try {
        await video.play();
        this.blocked = false;
      } catch (error) {
        await this.#refused(error, video);
      }
    }
    this.#changed();
  }

  /** Ask whether what the player has started is allowed to go on by itself. */
  async tryToPlay(): Promise<void> {
    if (!this.paused && !this.#held && this.video?.paused === true && !this.video.ended) await this.play();
  }

  async toggleFullScreen(): Promise<void> {
    const video: AppleVideo | null = this.video;
    if (document.fullscreenElement !== null) await document.exitFullscreen();
    else if (this.#root.requestFullscreen) await this.#root.requestFullscreen().catch(() => undefined);
    else video?.webkitEnterFullscreen?.(); // iPhone
  }

  get canPictureInPicture(): boolean {
    return document.pictureInPictureEnabled;
  }

  async togglePictureInPicture(): Promise<void> {
    if (document.pictureInPictureElement !== null) await document.exitPictureInPicture();
    else await this.video?.requestPictureInPicture().catch(() => undefined);
  }

  /** Safari's list of screens to play on; only what plays over HLS can go there. */
  showScreens(): void {
    const video: AppleVideo = this.videos.hls;
    video.webkitShowPlaybackTargetPicker?.();
  }

  #began(video: HTMLVideoElement): void {
    if (this.paused && video === this.video)
      video.pause(); // it has joined again meanwhile
    else if (video === this.video) this.blocked = false;
    this.#changed();
  }

  async #refused(error: unknown, video: HTMLVideoElement): Promise<void> {
    if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
    if (this.muted) this.blocked = true;
    else {
      this.setMuted(true);
      await video.play().catch(() => (this.blocked = true));
    }
  }

  #apply(): void {
    for (const [name, video] of Object.entries(this.videos)) {
      video.volume = this.#volume;
      video.muted = this.#muted || name !== this.shown;
    }
    this.#changed();
  }
}

function storedVolume(): number {
  try {
    const stored = Number(localStorage.getItem(VOLUME_KEY) ?? 1);
    return stored > 0 && stored <= 1 ? stored : 1;
  } catch {
    return 1; // storage is switched off, or this is another site's frame
  }
}

function storeVolume(volume: number): void {
  try {
    localStorage.setItem(VOLUME_KEY, String(volume));
  } catch {
    return; // not kept, then
  }
}
