import { describe, expect, it } from "vitest";
import { Backoff } from "../src/signalling/backoff.ts";
import { fragmentOf, withIceOf } from "../src/signalling/fragment.ts";
import { iceServersOfLink, resolveLocation, retryAfterOf } from "../src/signalling/links.ts";
import { withoutLipSync } from "../src/signalling/lip-sync.ts";

describe("resolveLocation", () => {
  const endpoint = "https://node.example/whip/studio";

  it.each([
    ["/whip/studio/r1", "https://node.example/whip/studio/r1"],
    ["studio/r1", "https://node.example/whip/studio/r1"],
    ["https://other.example/r1", "https://other.example/r1"],
    ["//other.example/r1", "https://other.example/r1"],
  ])("%s", (location, url) => {
    expect(resolveLocation(endpoint, location)).toBe(url);
  });

  it.each([null, "javascript:alert(1)", "http://[", "data:,x"])("%s is none", (location) => {
    expect(resolveLocation(endpoint, location)).toBeNull();
  });
});

describe("iceServersOfLink", () => {
  it("reads STUN and TURN servers with their credentials", () => {
    const header =
      '<stun:stun.example>; rel="ice-server", <turn:turn.example?transport=udp>; rel="ice-server"; ' +
      'username="17,5;x"; credential="se,cret"; credential-type="password"';
    expect(iceServersOfLink(header)).toEqual([
      { urls: ["stun:stun.example"] },
      { urls: ["turn:turn.example?transport=udp"], username: "17,5;x", credential: "se,cret" },
    ]);
  });

  it("leaves out other links and other schemes", () => {
    const header =
      '<https://x.example>; rel="ice-server", <stun:a>; rel=next, </y>; rel="help", <turns:b>; rel=ice-server';
    expect(iceServersOfLink(header)).toEqual([{ urls: ["turns:b"] }]);
  });

  it.each([null, "", "nonsense", "<", "<stun:a>"])("%s holds none", (header) => {
    expect(iceServersOfLink(header)).toEqual([]);
  });
});

describe("retryAfterOf", () => {
  it.each([
    ["3", 3],
    [" 10 ", 10],
    [null, null],
    ["Wed, 21 Oct 2026 07:28:00 GMT", null],
    ["-1", null],
  ])("%s", (header, seconds) => {
    expect(retryAfterOf(header)).toBe(seconds);
  });
});

describe("Backoff", () => {
  it("doubles up to eight seconds, and starts anew after a success", () => {
    const backoff = new Backoff();
    expect([1, 2, 3, 4, 5, 6, 7].map(() => backoff.failed())).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
    backoff.succeeded();
    expect(backoff.failed()).toBe(500);
  });

  it("waits no longer than its user can", () => {
    const backoff = new Backoff(700);
    expect([backoff.failed(), backoff.failed()]).toEqual([500, 700]);
  });

  it("is never sooner than the server asked for", () => {
    const backoff = new Backoff();
    expect(backoff.failed(2)).toBe(2000);
    expect(backoff.failed(0)).toBe(1000);
  });
});

describe("withoutLipSync", () => {
  const answer = [
    "v=0",
    "a=msid-semantic:WMS *",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "a=msid:studio audio",
    "a=ssrc:1 msid:studio audio",
    "a=ssrc:1 cname:x",
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "a=msid:studio video",
    "a=ssrc:2 msid:studio video",
    "",
  ].join("\r\n");

  it("puts the sound, and only the sound, into a stream of its own", () => {
    const edited = withoutLipSync(answer);
    expect(edited).toContain("a=msid:studio-sound audio\r\na=ssrc:1 msid:studio-sound audio\r\na=ssrc:1 cname:x\r\n");
    expect(edited).toContain("a=msid:studio video\r\na=ssrc:2 msid:studio video\r\n");
    expect(edited.replaceAll("-sound", "")).toBe(answer);
  });
});

describe("an ICE restart", () => {
  const lines = (...each: string[]) => each.map((line) => `${line}\r\n`).join("");

  it("asks with the offer's credentials, for the section that carries the BUNDLE", () => {
    const section = (mid: string) => [
      `m=audio 9 UDP/TLS/RTP/SAVPF 111`,
      "a=ice-ufrag:u",
      "a=ice-pwd:p",
      `a=mid:${mid}`,
    ];
    expect(fragmentOf(lines("v=0", "a=group:BUNDLE 0 1", ...section("0"), "a=sendonly", ...section("1")))).toBe(
      lines("a=group:BUNDLE 0 1", "a=ice-ufrag:u", "a=ice-pwd:p", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0"),
    );
  });

  it("changes nothing of the answer but credentials and candidates", () => {
    const answer = lines(
      ...["v=0", "m=audio 9 RTP 111", "a=ice-ufrag:a", "a=ice-pwd:b", "a=candidate:1 old", "a=candidate:2 old", "a=x"],
      ...["m=video 9 RTP 96", "a=ice-ufrag:a", "a=ice-pwd:b"],
    );
    expect(withIceOf(answer, lines("a=ice-ufrag:c", "a=ice-pwd:d", "a=candidate:3 new"))).toBe(
      lines(
        ...["v=0", "m=audio 9 RTP 111", "a=ice-ufrag:c", "a=ice-pwd:d", "a=candidate:3 new", "a=x"],
        ...["m=video 9 RTP 96", "a=ice-ufrag:c", "a=ice-pwd:d"],
      ),
    );
    expect(withIceOf("a=ice-ufrag:a\r\n", "")).toBe("a=ice-ufrag:a\r\n");
  });
});
