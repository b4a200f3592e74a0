/** Edge: the publish page's form. */

import { element, make } from "../ui/dom.ts";
import type { Choice } from "./capture.ts";
import {
  BITRATE_KBPS,
  type CodecName,
  type Devices,
  FRAME_RATES,
  NO_DEVICE,
  type PublishOptions,
  parseOptions,
  printQuery,
  SIZES,
  type SourceKind,
  suitedBitrate,
} from "./options.ts";

/** What was changed: a device, which can be at any time, or something else. */
export type Changed = "audio" | "video" | "other";

export class PublishForm {
  readonly #form = element("form", HTMLFormElement);
  readonly #locked = [element("source", HTMLFieldSetElement), element("sending", HTMLFieldSetElement)];
  readonly #size = element("size", HTMLSelectElement);
  readonly #rate = element("rate", HTMLSelectElement);
  readonly #codec = element("codec", HTMLSelectElement);
  readonly #bitrate = element("bitrate", HTMLInputElement);
  readonly #camera = element("camera", HTMLSelectElement);
  readonly #microphone = element("microphone", HTMLSelectElement);
  readonly #pickers = element("devices", HTMLElement);
  readonly #file = element("file", HTMLInputElement);
  readonly #loop = element("loop", HTMLInputElement);
  readonly #files = element("files", HTMLElement);
  #wanted: Devices; // also while the browser does not list it: it does so only once it is allowed

  constructor(options: PublishOptions, devices: Devices) {
    this.#wanted = devices;
    offer(this.#size, sizes(options), `${options.width}x${options.height}`);
    offer(this.#rate, rates(options), String(options.framesPerSecond));
    this.#codec.value = options.codec;
    this.#bitrate.min = String(BITRATE_KBPS.least);
    this.#bitrate.max = String(BITRATE_KBPS.most);
    this.#bitrate.value = String(options.bitrate_kbps);
    this.#loop.checked = options.loop;
    this.#source = options.source;
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.listDevices());
    this.#showPickers();
  }

  onSubmit(act: () => void): void {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      act();
    });
  }

  onChange(act: (changed: Changed) => void): void {
    this.#form.addEventListener("change", ({ target }) => act(this.#changed(target)));
  }

  /** What is chosen now. */
  choice(): Choice {
    return { options: this.#options(), devices: this.#devices(), file: this.#file.files?.[0] ?? null };
  }

  /** The same, to be remembered. */
  query(): string {
    return printQuery(this.#options(), this.#wanted);
  }

  /** While live only devices can be changed, and only for one of a kind that is sent. */
  lock(live: boolean, hasSound: boolean): void {
    for (const fields of this.#locked) fields.disabled = live;
    this.#microphone.disabled = live && !hasSound;
    const none = this.#microphone.querySelector<HTMLOptionElement>(`option[value=${NO_DEVICE}]`);
    if (none !== null) none.disabled = live;
  }

  async listDevices(): Promise<void> {
    const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const named = (kind: MediaDeviceKind) =>
      devices
        .filter((device) => device.kind === kind && !["", "default", "communications"].includes(device.deviceId))
        .map((device) => [device.deviceId, device.label] as const);
    const { camera, microphone } = this.#wanted;
    const none = [NO_DEVICE, "No microphone"] as const;
    offer(this.#camera, [["", "Default camera"], ...named("videoinput")], camera);
    offer(this.#microphone, [["", "Default microphone"], ...named("audioinput"), none], microphone);
  }

  #devices(): Devices {
    return { camera: this.#camera.value, microphone: this.#microphone.value };
  }

  #options(): PublishOptions {
    const [width = "", height = ""] = this.#size.value.split("x");
    return parseOptions(
      new URLSearchParams({
        source: this.#source,
        width,
        height,
        fps: this.#rate.value,
        codec: this.#codec.value as CodecName,
        bitrate: this.#bitrate.value,
        loop: this.#loop.checked ? "1" : "0",
      }),
    );
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

  #changed(target: EventTarget | null): Changed {
    if (target === this.#size || target === this.#rate) {
      const { width, height, framesPerSecond } = this.#options();
      this.#bitrate.value = String(suitedBitrate(width, height, framesPerSecond));
    }
    this.#showPickers();
    if (target !== this.#camera && target !== this.#microphone) return "other";
    this.#wanted = this.#devices();
    return target === this.#camera ? "video" : "audio";
  }

  #showPickers(): void {
    this.#pickers.hidden = this.#source !== "camera";
    this.#files.hidden = this.#source !== "file";
  }
}

type Option = readonly [value: string, label: string];

function offer(select: HTMLSelectElement, choices: readonly Option[], chosen: string): void {
  select.replaceChildren(
    ...choices.map(([value, label]) => {
      const option = make("option", { text: label });
      option.value = value;
      return option;
    }),
  );
  select.value = choices.some(([value]) => value === chosen) ? chosen : (choices[0]?.[0] ?? "");
}

function sizes({ width, height }: PublishOptions): Option[] {
  const known = SIZES.some((size) => size.width === width && size.height === height);
  const all = known ? [...SIZES] : [...SIZES, { width, height }];
  return all.map((size) => [`${size.width}x${size.height}`, `${size.height}p (${size.width} × ${size.height})`]);
}

function rates({ framesPerSecond }: PublishOptions): Option[] {
  const all = new Set<number>([...FRAME_RATES, framesPerSecond]);
  return [...all].sort((one, other) => one - other).map((rate) => [String(rate), `${rate} fps`]);
}
