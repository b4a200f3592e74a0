// Plays one stream with one player, as its documentation says for low latency, and keeps what a test waits for in
// `window.tandem.stats()`.

const asked = new URLSearchParams(location.search);
const url = asked.get("url");
const video = document.querySelector("video");
const errors = [];
let stalls = 0;
let smoothFrom; // media time since which nothing has stalled, seconds
let captured = () => undefined; // when what is on the screen was captured, as a Date

/** The script of a package, which leaves its player in a global name. */
function load(path) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `node_modules/${path}`;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${path} is not installed`));
    document.head.append(script);
  });
}

const players = {
  "hls.js": async () => {
    await load("hls.js/dist/hls.min.js");
    const hls = new Hls({ lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.2 });
    hls.on(Hls.Events.ERROR, (_, { details, fatal }) => fatal && errors.push(details));
    hls.loadSource(url);
    hls.attachMedia(video);
    captured = () => hls.playingDate;
  },

  shaka: async () => {
    await load("shaka-player/dist/shaka-player.compiled.js");
    const player = new shaka.Player();
    player.addEventListener("error", ({ detail }) => errors.push(`shaka ${detail.code}`));
    player.configure({ streaming: { lowLatencyMode: true } });
    await player.attach(video);
    await player.load(url);
    captured = () => player.getPlayheadTimeAsDate();
  },

  "video.js": async () => {
    await load("video.js/dist/video.min.js");
    // VHS 3.17 asks for the same list again when a segment has ended, and the browser's cache gives it what it has.
    videojs.Vhs.xhr.onRequest((request) => {
      const uri = request.uri.replace("?_HLS_", `?t=${performance.now()}&_HLS_`);
      return { ...request, uri };
    });
    const player = videojs(video, { liveui: true, html5: { vhs: { overrideNative: true, llhls: true } } });
    player.on("error", () => errors.push(player.error().message));
    player.src({ src: url, type: "application/vnd.apple.mpegurl" });
    captured = () => {
      // Each cue is a segment: when it begins on the page's clock, and when that was captured.
      const cues = Array.from(player.textTracks()[0]?.cues ?? { length: 0 });
      const now = player.currentTime();
      const cue = cues.findLast(({ startTime }) => startTime <= now);
      return cue && new Date(cue.value.dateTimeObject.getTime() + (now - cue.startTime) * 1000);
    };
  },
};

/** The element that plays: video.js moves it, but keeps it. */
function playing() {
  return document.querySelector("video");
}

function watch(element) {
  element.addEventListener("waiting", () => {
    stalls += 1;
    smoothFrom = undefined;
  });
  element.addEventListener("seeking", () => (smoothFrom = undefined));
  element.addEventListener("timeupdate", () => (smoothFrom ??= element.currentTime));
}

window.tandem = {
  stats: () => {
    const date = captured();
    return {
      errors,
      stalls,
      smoothSeconds: smoothFrom === undefined ? 0 : playing().currentTime - smoothFrom,
      framesDecoded: playing().getVideoPlaybackQuality().totalVideoFrames,
      latencySeconds: date ? (Date.now() - date.getTime()) / 1000 : null,
    };
  },
};

watch(video);
await players[asked.get("player")]();
