/** Edge: the watch page and the embedded player: one stream, by the best way there is. */

import "../style.css";
import "./watch.css";
import { fetchConfig, STANDARD } from "../api.ts";
import { NodeClock } from "../clock/node-clock.ts";
import { countOf, formatDuration } from "../format.ts";
import { streamOfPath, tokenPrefixOfPath } from "../names.ts";
import { loadEngine } from "../playback/hls-engine.ts";
import { HlsPlayer } from "../playback/hls-player.ts";
import type { Player } from "../playback/player.ts";
import { followStream, type Sighting } from "../playback/stream-feed.ts";
import { WhepPlayer } from "../playback/whep-player.ts";
import { element, setText } from "../ui/dom.ts";
import { expose } from "../ui/tandem.ts";
import { Controls, type Scene } from "./controls.ts";
import { Director } from "./director.ts";
import { Menu } from "./menu.ts";
import { showShare } from "./share.ts";
import { Stage } from "./stage.ts";
import { Thumbnails } from "./thumbnails.ts";
import { makeView } from "./view.ts";
import { SleepWatch } from "./waking.ts";
import { badgeOf, noticeOf } from "./words.ts";

const BEAT_MS = 200; // a lost connection is noticed within one
const SHOW_EVERY_BEATS = 2;

const stream = streamOfPath(location.pathname) ?? "stream";
const prefix = tokenPrefixOfPath(location.pathname);
const startsByItself = new URLSearchParams(location.search).get("autoplay") !== "0";
const tandem = expose({ role: "watch", ready: false, stats: () => null, reset: () => undefined });

function describe(player: Player): object {
  return {
    state: player.state,
    problem: player.problem,
    captured_ms: player.capturedMs,
    ...player.stats,
    latency: player.meter.stats(),
  };
}

async function run(): Promise<void> {
  const view = makeView(element("player", HTMLElement), stream);
  const engine = loadEngine(); // it is the largest file, and wanted at once when WebRTC is lost
  const clock = new NodeClock();
  const [config] = await Promise.all([fetchConfig().catch(() => STANDARD), clock.start()]);
  const stage = new Stage(view.root, view.videos, () => show());
  const whep = new WhepPlayer(view.videos.webrtc, `${prefix}/whep/${stream}`, clock, config.ice_servers, {
    lipSync: true,
  });
  const hls = new HlsPlayer(view.videos.hls, clock, config);
  const director = new Director(stage, whep, hls);
  const [thumbnails, poster] = [new Thumbnails(view.previewVideo), new Thumbnails(view.posterVideo)];
  const menu = new Menu(view, director, hls);
  let started = startsByItself;
  let sighting: Sighting;
  let seen = false;
  const impossible =
    (await engine) === null && typeof RTCPeerConnection === "undefined" && !playsHlsItself(view.videos.hls);
  const controls = new Controls(view, { stage, director, menu, thumbnails }, () => {
    started = true;
    director.sighted(sighting);
    show();
  });

  const scene = (): Scene => {
    if (director.current !== null && director.current !== "webrtc") {
      return { window: hls.window, usualMs: hls.target_s * 1000 };
    }
    const startMs = thumbnails.oldestMs;
    return { window: startMs === null ? null : { startMs, endMs: clock.now() }, usualMs: 0 };
  };
  const notice = (): string => {
    if (!started) return "";
    const { state = null, problem = null } = director.player ?? {};
    return noticeOf({ online: navigator.onLine, sighting, state, problem, shown: seen, impossible });
  };
  function show(): void {
    if (!tandem.ready) return;
    const { current, player, rewound } = director;
    view.root.dataset["state"] = player?.state ?? "waiting";
    view.poster.hidden = stage.shown !== null;
    setText(view.notice, notice());
    view.notice.hidden = view.notice.textContent === "";
    controls.show(scene());
    if (!started) view.start.button.hidden = false;
    view.root.dataset["path"] = current ?? "";
    showHead(sighting, !rewound && player?.state === "live", seen, clock);
  }
  const look = followStream(stream, (found) => {
    sighting = found && { ...found, hls: found.hls && prefix + found.hls };
    const master = sighting?.hls == null ? null : new URL(sighting.hls, location.href).href;
    thumbnails.follow(master);
    poster.follow(master);
    if (thumbnails.oldestMs === null) void thumbnails.refresh();
    if (started) director.sighted(sighting);
    else if (master !== null) void poster.show(clock.now());
    show();
  });

  const sleeping = new SleepWatch(BEAT_MS);
  const wake = (networkChanged: boolean) => {
    look();
    director.wake(networkChanged);
  };
  let beats = 0;
  setInterval(() => {
    if (sleeping.slept(performance.now())) wake(false);
    void director.beat().then(() => {
      seen ||= stage.shown !== null;
      if (++beats % SHOW_EVERY_BEATS === 0) show();
    });
  }, BEAT_MS);
  document.addEventListener("visibilitychange", () => !document.hidden && wake(false));
  addEventListener("online", () => wake(true));
  addEventListener("offline", () => show());
  addEventListener("pagehide", () => director.leave());
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  offerScreens(view.videos.hls, view.screens.button);
  showShare(stream, prefix);

  tandem.stats = () => ({
    path: director.current,
    next: director.next,
    preference: director.choice.preference,
    state: director.player?.state ?? "waiting",
    notice: view.notice.textContent,
    rewound: director.rewound,
    muted: stage.muted,
    paused: stage.paused,
    captured_ms: director.player?.capturedMs ?? null,
    node_ms: clock.now(),
    latency: director.player?.meter.stats() ?? null,
    switches: [...director.switches],
    whep: { ...describe(whep), delay_ms: whep.delayMs },
    hls: {
      ...describe(hls),
      ...{ mode: hls.mode, level: hls.level, levels: hls.levels, window: hls.window },
      ...{ target_s: hls.target_s, rate: hls.rate, errors: [...hls.errors] },
    },
  });
  tandem.reset = () => [whep, hls].forEach((player) => player.reset());
  tandem.ready = true;
  show();
}

function showHead(sighting: Sighting, live: boolean, seen: boolean, clock: NodeClock): void {
  const [badge, facts] = [document.getElementById("badge"), document.getElementById("facts")];
  if (badge === null || facts === null) return; // an embedded player has none
  const { text, state } = badgeOf(sighting, live, seen);
  setText(badge, text);
  badge.dataset["state"] = state;
  const since = sighting ? formatDuration(clock.now() - sighting.started_ms) : "";
  setText(facts, sighting ? `${since} · ${countOf(sighting.viewers, "WebRTC viewer")}` : "");
}

function playsHlsItself(video: HTMLVideoElement): boolean {
  return video.canPlayType("application/vnd.apple.mpegurl") !== "";
}

/** Safari says when there are other screens to play on. */
function offerScreens(video: HTMLVideoElement, button: HTMLButtonElement): void {
  button.hidden = true;
  video.addEventListener("webkitplaybacktargetavailabilitychanged", (event) => {
    button.hidden = (event as Event & { availability?: string }).availability !== "available";
  });
}

for (const name of document.querySelectorAll("[data-stream]")) setText(name, stream);
document.title = `${stream} – Tandem`;
void run();
