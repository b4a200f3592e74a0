/** Edge: the publish page's form. */

import { element, make } from "../ui/dom.ts";
import { type Devices, listDevices } from "./capture.ts";
import {
  BITRATE_KBPS,
  type CodecName,
  FRAME_RATES,
  type PublishOptions,
  parseOptions,
  SIZES,
  type SourceKind,
  suitedBitrate,
} from "./options.ts";

export class PublishForm {
  readonly #form = element("form", HTMLFormElement);
  readonly #settings = element("settings", HTMLFieldSetElement);
  readonly #size = element("size", HTMLSelectElement);
  readonly #rate = element("rate", HTMLSelectElement);
  readonly #codec = element("codec", HTMLSelectElement);
  readonly #bitrate = element("bitrate", HTMLInputElement);
  readonly #camera = element("camera", HTMLSelectElement);
  readonly #microphone = element("microphone", HTMLSelectElement);
  readonly #pickers = element("devices", HTMLElement);

  constructor(options: PublishOptions) {
    offer(this.#size, sizes(options), `${options.width}x${options.height}`);
    offer(this.#rate, rates(options), String(options.framesPerSecond));
    this.#codec.value = options.codec;
    this.#bitrate.min = String(BITRATE_KBPS.least);
    this.#bitrate.max = String(BITRATE_KBPS.most);
    this.#bitrate.value = String(options.bitrate_kbps);
    this.#source = options.source;
    this.#form.addEventListener("change", ({ target }) => this.#changed(target));
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.listDevices());
    this.#showPickers();
  }

  onSubmit(act: () => void): void {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      act();
    });
  }

  /** What is chosen now. */
  options(): PublishOptions {
    const [width = "", height = ""] = this.#size.value.split("x");
    return parseOptions(
      new URLSearchParams({
        source: this.#source,
        width,
        height,
        fps: this.#rate.value,
        codec: this.#codec.value as CodecName,
        bitrate: this.#bitrate.value,
      }),
    );
  }

  get devices(): Devices {
    return { camera: this.#camera.value, microphone: this.#microphone.value };
  }

  /** Nothing can be changed while live. */
  lock(locked: boolean): void {
    this.#settings.disabled = locked;
  }

  async listDevices(): Promise<void> {
    const devices = await listDevices();
    const named = (kind: MediaDeviceKind) =>
      devices
        .filter((device) => device.kind === kind && device.deviceId && device.deviceId !== "default")
        .map((device) => [device.deviceId, device.label] as const);
    offer(this.#camera, [["", "Default camera"], ...named("videoinput")], this.#camera.value);
    offer(this.#microphone, [["", "Default microphone"], ...named("audioinput")], this.#microphone.value);
  }

  get #source(): SourceKind {
    const checked = this.#form.querySelector<HTMLInputElement>("input[name=source]:checked");
    return (checked?.value ?? "camera") as SourceKind;
  }

  set #source(source: SourceKind) {
    for (const choice of this.#form.querySelectorAll<HTMLInputElement>("input[name=source]")) {
      choice.checked = choice.value === source;
    }
  }

  #changed(target: EventTarget | null): void {
    if (target === this.#size || target === this.#rate) {
      const { width, height, framesPerSecond } = this.options();
      this.#bitrate.value = String(suitedBitrate(width, height, framesPerSecond));
    }
    this.#showPickers();
  }

  #showPickers(): void {
    this.#pickers.hidden = this.#source !== "camera";
  }
}

type Choice = readonly [value: string, label: string];

function offer(select: HTMLSelectElement, choices: readonly Choice[], chosen: string): void {
  select.replaceChildren(
    ...choices.map(([value, label]) => {
      const option = make("option", { text: label });
      option.value = value;
      return option;
    }),
  );
  select.value = choices.some(([value]) => value === chosen) ? chosen : (choices[0]?.[0] ?? "");
}

function sizes({ width, height }: PublishOptions): Choice[] {
  const known = SIZES.some((size) => size.width === width && size.height === height);
  const all = known ? [...SIZES] : [...SIZES, { width, height }];
  return all.map((size) => [`${size.width}x${size.height}`, `${size.height}p (${size.width} × ${size.height})`]);
}

function rates({ framesPerSecond }: PublishOptions): Choice[] {
  const all = new Set<number>([...FRAME_RATES, framesPerSecond]);
  return [...all].sort((one, other) => one - other).map((rate) => [String(rate), `${rate} fps`]);
}
